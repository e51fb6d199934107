// The JavaScript module in Node, where what a page has may be missing.

import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WebSocket as WsWebSocket } from 'ws';

import { startTickerServer } from '../support/ticker_server.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = process.env.TIDEWIRE_JS_DIST || path.join(HERE, '../../build/web-release/bindings/js/dist');
const LIMIT = { timeout: 30_000 };

globalThis.MessageEvent ??= class extends Event {
  constructor(type, { data }) {
    super(type);
    this.data = data;
  }
};

const { Client, ready } = await import(pathToFileURL(path.join(DIST, 'tidewire.js')));
const wasm = readFileSync(path.join(DIST, 'tidewire.wasm'));

const set = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

function nextClose(client) {
  return new Promise((resolve) => client.addEventListener('close', resolve, { once: true }));
}

test('node: without crypto the wasm is not loaded, and the reason names it', LIMIT, async () => {
  set('crypto', undefined);
  await assert.rejects(ready({ wasmBinary: wasm }), /globalThis\.crypto/);
  set('crypto', webcrypto);
  await ready({ wasmBinary: wasm });
});

test('node: without a WebSocket a client is unavailable, once, until there is one', LIMIT, async (context) => {
  const server = await startTickerServer({});
  context.after(() => server.kill('SIGKILL'));
  set('WebSocket', undefined);
  await ready({ wasmBinary: wasm });
  const client = new Client(`${server.ws}/echo`, { heartbeat: { interval: 0 } });
  let closes = 0;
  client.addEventListener('close', () => ++closes);
  const closed = nextClose(client);
  client.connect();
  const { cause, willRetry, detail } = await closed;
  assert.deepEqual([cause, willRetry, client.state], ['unavailable', false, 'closed']);
  assert.match(detail, /Node has one from version 22 on.*npm package ws/);
  set('WebSocket', WsWebSocket);
  const opened = new Promise((resolve) => client.addEventListener('open', resolve));
  assert.equal(client.connect(), 'started');
  await opened;
  assert.equal(closes, 1);
  const over = nextClose(client);
  client.close();
  await over;
});
