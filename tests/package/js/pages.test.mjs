// The npm package in pages without a bundler, and in workers.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { ECHO, ECHOED, HTML, LIMIT, appOf, useConsumers } from './consumers.mjs';

const consumers = useConsumers();
const DIST = './node_modules/tidewire/dist';
const moduleOf = (text) => HTML(`<script type="module">${text}</script>`);

for (const name of ['tidewire', 'client', 'inline', 'nowasm']) {
  test(`page: a module imports ${name}.js, and nothing loads before a client is made`, LIMIT, async () => {
    const folder = consumers.consumer(`page-${name}`, { 'index.html': moduleOf(appOf(`${DIST}/${name}.js`)) });
    const { result, early, fetched } = await consumers.runPage(consumers.address(folder, 'index.html'));
    assert.deepEqual(result, ECHOED);
    const wasm = { tidewire: ['tidewire.wasm'], client: ['tidewire-client.wasm'] }[name] ?? [];
    assert.deepEqual(early, ['index.html', `${name}.js`]);
    assert.deepEqual(fetched.slice(early.length).filter((file) => file !== 'echo'), wasm);
  });
}

test('page: a client that connects at once opens its socket before the wasm inside the file is decoded', LIMIT, async () => {
  const text = `const order = [];
    const [decode, Socket] = [atob, WebSocket];
    globalThis.atob = (text) => (order.push('wasm'), decode(text));
    globalThis.WebSocket = class extends Socket {
      constructor(...given) {
        super(...given);
        order.push('socket');
      }
    };
    ${appOf(`${DIST}/inline.js`)}
    const { run } = globalThis;
    globalThis.run = async (url) => [await run(url), order];`;
  const folder = consumers.consumer('inline-order', { 'index.html': moduleOf(text) });
  const { result } = await consumers.runPage(consumers.address(folder, 'index.html'));
  assert.deepEqual(result, [ECHOED, ['socket', 'wasm']]);
});

test('page: an import map leads to a CDN-like path', LIMIT, async () => {
  const map = { imports: { tidewire: `${DIST}/tidewire.js`, 'tidewire/': `${DIST}/` } };
  const head = `<script type="importmap">${JSON.stringify(map)}</script>`;
  const html = HTML(`<script type="module">${appOf('tidewire')}</script>`, head);
  const folder = consumers.consumer('import-map', { 'index.html': html });
  assert.deepEqual((await consumers.runPage(consumers.address(folder, 'index.html'))).result, ECHOED);
});

test('page: a classic script has the global Tidewire', LIMIT, async () => {
  const script = `${ECHO}; globalThis.run = (url) => echo(url, Tidewire.Client);`;
  const html = HTML(`<script src="${DIST}/tidewire.global.js"></script><script>${script}</script>`);
  const folder = consumers.consumer('classic', { 'index.html': html });
  assert.deepEqual((await consumers.runPage(consumers.address(folder, 'index.html'))).result, ECHOED);
});

test('page: two copies do not meet', LIMIT, async () => {
  const text = `import * as a from '${DIST}/tidewire.js'; import * as b from '${DIST}/client.js';
    ${ECHO}; globalThis.run = async (url) =>
      [a.Client === b.Client, ...await Promise.all([echo(url, a.Client), echo(url, b.Client)])];`;
  const folder = consumers.consumer('copies', { 'index.html': moduleOf(text) });
  const { result } = await consumers.runPage(consumers.address(folder, 'index.html'));
  assert.deepEqual(result, [false, ECHOED, ECHOED]);
});

const WORKERS = {
  'a module worker': { make: "new Worker('./worker.js', { type: 'module' })", text: appOf(`${DIST}/tidewire.js`) },
  'a shared worker': {
    make: "new SharedWorker('./worker.js', { type: 'module' }).port",
    text: appOf(`${DIST}/tidewire.js`),
    shared: true,
  },
  'a classic worker with the wasm beside it': {
    make: `new Worker('${DIST}/worker.js')`,
    text: `importScripts('./tidewire.global.js');\n${ECHO}; globalThis.run = (url) => echo(url, Tidewire.Client);`,
    file: `${DIST}/worker.js`,
  },
};

for (const [what, { make, text, file = 'worker.js', shared = false }] of Object.entries(WORKERS)) {
  test(`worker: ${what} has a connection`, LIMIT, async () => {
    const answer = (port) => `${port}.onmessage = async ({ data }) => ${port}.postMessage(await run(data));`;
    const worker = text + (shared ? `onconnect = ({ ports: [port] }) => { ${answer('port')} };` : answer('globalThis'));
    const page = moduleOf(`globalThis.run = (url) => new Promise((resolve) => {
      const port = ${make};
      port.onmessage = ({ data }) => resolve(data);
      port.postMessage(url);
    });`);
    const folder = consumers.consumer(`worker-${what.replaceAll(' ', '-')}`, { 'index.html': page, [file]: worker });
    assert.deepEqual((await consumers.runPage(consumers.address(folder, 'index.html'))).result, ECHOED);
  });
}

// --- Errors ---

const detailOf = async (folder, query = '', run = undefined) =>
  (await consumers.runPage(consumers.address(folder, `index.html${query}`), run)).result.detail;

test('error: a missing wasm names its address and what to do', LIMIT, async () => {
  const folder = consumers.consumer('missing', { 'index.html': moduleOf(appOf(`${DIST}/tidewire.js`)) });
  rmSync(path.join(folder, DIST, 'tidewire.wasm'));
  const detail = await detailOf(folder);
  assert.match(detail, /http:\S+\/dist\/tidewire\.wasm: HTTP status 404/);
  assert.match(detail, /Copy the file beside the bundle.*ready\(\{ wasmUrl \}\).*'tidewire\/inline'/);
});

const WITH_READY = (options) => `import { Client, ready } from '${DIST}/tidewire.js';
  ${ECHO}; globalThis.run = (url) => ready(${options}).then(() => echo(url, Client), ({ message }) => ({ detail: message }));`;

test('error: a page in place of the wasm is called one', LIMIT, async () => {
  const text = moduleOf(WITH_READY("{ wasmUrl: '/nowhere/tidewire.wasm' }"));
  const detail = await detailOf(consumers.consumer('html', { 'index.html': text }));
  assert.match(detail, /nowhere\/tidewire\.wasm: the server answered with a page \(text\/html.*'tidewire\/inline'/);
});

test('error: what is not the wasm of this version', LIMIT, async () => {
  const text = moduleOf(WITH_READY('{ wasmBinary: new Uint8Array(9) }'));
  const detail = await detailOf(consumers.consumer('wrong', { 'index.html': text }));
  assert.match(detail, /wasmBinary: not the wasm of this version/);
});

const policy = (text) => `?${new URLSearchParams({ policy: text })}`;

test("error: a policy without 'wasm-unsafe-eval' is named, with both ways out", LIMIT, async () => {
  const folder = consumers.consumer('policy', { 'index.html': moduleOf(appOf(`${DIST}/tidewire.js`)) });
  const detail = await detailOf(folder, policy("script-src 'self' 'unsafe-inline'"));
  assert.match(detail, /tidewire\.wasm: the Content-Security-Policy forbids WebAssembly.*'wasm-unsafe-eval'.*'tidewire\/nowasm'/);
  const query = policy("script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'");
  const { result } = await consumers.runPage(consumers.address(folder, `index.html${query}`));
  assert.deepEqual(result, ECHOED);
});

test('error: a policy that forbids the fetch is named by its directive', LIMIT, async () => {
  const folder = consumers.consumer('connect-policy', { 'index.html': moduleOf(appOf(`${DIST}/tidewire.js`)) });
  assert.match(await detailOf(folder, policy("connect-src 'none'")), /tidewire\.wasm: .*connect-src of a policy/);
});

test("nowasm: it works under a policy without 'wasm-unsafe-eval'", LIMIT, async () => {
  const folder = consumers.consumer('nowasm-policy', { 'index.html': moduleOf(appOf(`${DIST}/nowasm.js`)) });
  const address = consumers.address(folder, `index.html${policy("script-src 'self' 'unsafe-inline'")}`);
  assert.deepEqual((await consumers.runPage(address)).result, ECHOED);
});
