// The npm package in Node, Bun and Deno, and where a server renders pages.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { ECHO, ECHOED, LIMIT, TOOLS, link, useConsumers } from './consumers.mjs';

const consumers = useConsumers({ pages: false });

const RUNTIMES = {
  node: [process.execPath],
  bun: [path.join(TOOLS, '@oven/bun-linux-x64/bin/bun')],
  deno: [path.join(TOOLS, '@deno/linux-x64-glibc/deno'), 'run', '--allow-all', '--cached-only', '--node-modules-dir=manual'],
};

// Answers what the program prints last, as JSON.
async function run(folder, file, [program, ...words] = RUNTIMES.node) {
  const { stdout } = await promisify(execFile)(program, [...words, file, consumers.echo], {
    cwd: folder,
    timeout: 30_000,
    env: { ...process.env, DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1' },
  });
  return JSON.parse(stdout.trim().split('\n').pop());
}

const PRINT = 'const print = (value) => console.log(JSON.stringify(value));\n';
const END = 'echo(process.argv[2], Client).then(print);\n';

for (const name of ['tidewire', 'tidewire/client', 'tidewire/inline', 'tidewire/nowasm']) {
  test(`node: ${name} has a connection with the WebSocket of npm's ws`, LIMIT, async () => {
    const app = `import { Client, ready } from '${name}';\nimport { WebSocket } from 'ws';\n${ECHO}${PRINT}
      await ready({ WebSocket });\n${END}`;
    const folder = consumers.consumer(`node-${path.basename(name)}`, { 'app.js': app });
    link(folder, 'ws');
    assert.deepEqual(await run(folder, 'app.js'), ECHOED);
  });
}

test('node: require has a connection, and gives the classes that import gives', LIMIT, async () => {
  const app = `const { Client, ready } = require('tidewire');\n${ECHO}${PRINT}
    (async () => {
      const all = [await import('tidewire'), await import('tidewire/client'), require('tidewire/client')];
      await ready({ WebSocket: require('ws') });
      print([all.every((each) => each.Client === Client), await echo(process.argv[2], Client)]);
    })();`;
  const folder = consumers.consumer('require', { 'app.cjs': app });
  link(folder, 'ws');
  assert.deepEqual(await run(folder, 'app.cjs'), [true, ECHOED]);
});

for (const runtime of ['bun', 'deno']) {
  const isThere = existsSync(RUNTIMES[runtime][0]);
  const skip = isThere ? false : `npm has no ${runtime} for this machine, or did not install optional dependencies`;
  test(`${runtime}: there is a connection with its own WebSocket`, { ...LIMIT, skip }, async () => {
    const app = `import process from 'node:process';\nimport { Client } from 'tidewire';\n${ECHO}${PRINT}${END}`;
    const folder = consumers.consumer(runtime, {
      'app.js': app,
      'package.json': '{"type":"module","dependencies":{"tidewire":"*"}}',
    });
    assert.deepEqual(await run(folder, 'app.js', RUNTIMES[runtime]), ECHOED);
  });
}

// --- A server that renders pages ---

test('server rendering: a client of a relative URL is made, and nothing is loaded or left', LIMIT, async () => {
  const app = `import { Client, Session } from 'tidewire';\n${PRINT}
    globalThis.WebAssembly = new Proxy({}, { get() { throw new Error('used WebAssembly'); } });
    globalThis.fetch = () => { throw new Error('used fetch'); };
    const client = new Client('/stream', { endpoint: () => ({ url: 'wss://example.com' }) });
    const session = new Session('/stream');
    client.addEventListener('message', () => {});
    session.subscribe('ticker/AAPL');
    print([client.url, client.state, session.url]);`;
  const folder = consumers.consumer('rendering', { 'app.js': app });
  assert.deepEqual(await run(folder, 'app.js'), ['/stream', 'idle', '/stream']); // It has ended by itself.
});

test('server rendering: connect() throws for a URL that is still relative', LIMIT, async () => {
  const app = `import { Client } from 'tidewire';\n${PRINT}
    const client = new Client('/stream');
    try { client.connect(); } catch (error) { print([error instanceof TypeError, client.state]); }`;
  assert.deepEqual(await run(consumers.consumer('relative', { 'app.js': app }), 'app.js'), [true, 'idle']);
});

test('server rendering: what is wrong without a page throws at once', LIMIT, async () => {
  const app = `import { Client } from 'tidewire';\n${PRINT}
    const faultOf = (url) => { try { new Client(url); return ''; } catch (error) { return error.name; } };
    print(['', 'mailto:x', 'wss://a b/', null].map(faultOf));`;
  const faults = await run(consumers.consumer('faults', { 'app.js': app }), 'app.js');
  assert.deepEqual(faults, ['TypeError', 'TypeError', 'TypeError', 'TypeError']);
});

test('node: a wasm file that is missing is named, with what to do', LIMIT, async () => {
  const app = `import { ready } from 'tidewire';\n${PRINT}
    ready().catch((error) => print([error.message, error.cause.code]));`;
  const folder = consumers.consumer('missing-file', { 'app.js': app });
  rmSync(path.join(folder, 'node_modules/tidewire/dist/tidewire.wasm'));
  const [message, code] = await run(folder, 'app.js');
  assert.equal(code, 'ENOENT');
  assert.match(message, /dist\/tidewire\.wasm: .*Copy it beside the bundle.*ready\(\{ wasmBinary \}\).*'tidewire\/inline'/);
});

test('ready: an option that does not exist throws', LIMIT, async () => {
  const app = `import { ready } from 'tidewire';\n${PRINT}
    try { ready({ wasmURL: '' }); } catch (error) { print(error.message); }`;
  assert.match(await run(consumers.consumer('options', { 'app.js': app }), 'app.js'), /options\.wasmURL must be one of: wasmUrl/);
});
