// Runs the contract suite's program in Node, which is given what a browser has and it has not:
//
//   node contract_node.mjs ADDRESS     as a page's address, see ../page/contract.js

import { webcrypto } from 'node:crypto';
import vm from 'node:vm';
import WebSocket from 'ws';

import '../page/contract.js';

// An error that nobody listens for ends a Node program. A browser's WebSocket has no such manners.
globalThis.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.on('error', () => {});
  }
};
globalThis.crypto ??= webcrypto; // Node 18 has none.

const [address] = process.argv.slice(2);
const program = new URL(new URL(address).searchParams.get('program'), address).href;
const wasm = await fetch(program.replace(/\.js$/, '.wasm'));
const wasmBinary = new Uint8Array(await wasm.arrayBuffer());
const load = async (source) => {
  vm.runInThisContext(await (await fetch(source)).text(), source);
};
const fail = runContract(address, load, { wasmBinary });
process.on('uncaughtException', (error) => fail(`an error nobody caught: ${error.message}`));
