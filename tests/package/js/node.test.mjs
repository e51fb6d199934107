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

test('node: ReconnectingWebSocket opens again on the same object', LIMIT, async () => {
  const app = `import { ReconnectingWebSocket, ready } from 'tidewire/websocket';
    import { WebSocket, WebSocketServer } from 'ws';\n${PRINT}
    await ready({ WebSocket });
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (socket) => socket.on('message', (data, binary) => {
      if (String(data) === 'cut') socket.terminate();
      else socket.send(data, { binary });
    }));
    await new Promise((resolve) => server.once('listening', resolve));
    const options = { reconnect: { firstDelay: 1 } };
    const socket = new ReconnectingWebSocket('ws://127.0.0.1:' + server.address().port, 'a', options);
    const seen = [];
    socket.binaryType = 'arraybuffer';
    const next = (type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
    socket.onopen = () => seen.push('open ' + socket.protocol);
    socket.onmessage = ({ data }) => seen.push(typeof data === 'string' ? data : data.byteLength);
    socket.onclose = ({ code, wasClean, willRetry }) => seen.push([code, wasClean, willRetry]);
    await next('open');
    for (const data of ['text', new Uint8Array(3), new Blob(['blob'])]) {
      socket.send(data);
      await next('message');
    }
    socket.send('cut');
    await next('open');
    socket.close();
    await next('close');
    server.close();
    print([...seen, socket.readyState]);`;
  const folder = consumers.consumer('socket', { 'app.js': app });
  link(folder, 'ws');
  const seen = ['open a', 'text', 3, 4, [1006, false, true], 'open a', [1000, true, false], 3];
  assert.deepEqual(await run(folder, 'app.js'), seen);
});

// --- The end of the process ---

// Each waits for the end of the process by itself, and counts what it is at.
const UNREF = `import { Client, ReconnectingWebSocket, ready } from 'tidewire';
import { WebSocket } from 'ws';
${PRINT}
await ready({ WebSocket });
const states = [];
const client = (url, heartbeat = { message: 'ping', answer: 'pong' }) => {
  const options = { heartbeat, reconnect: { firstDelay: 1e6, maxDelay: 1e6 } };
  const made = new Client(url, options);
  made.addEventListener('statechange', ({ to }) => states.push(to));
  made.connect();
  return made;
};
process.on('exit', () => print(states));
const [, , echo] = process.argv;
`;

for (const [what, script, states] of [
  ['open', 'const one = client(echo); await one.connected(); one.unref();', ['connecting', 'open']],
  ['not yet open', 'client(echo).unref();', ['connecting']],
  [
    'waiting for the next attempt',
    "const one = client('ws://127.0.0.1:1'); one.addEventListener('close', () => one.unref());",
    ['connecting', 'waiting'],
  ],
  [
    'left when another one closes',
    `const [one, other] = [client(echo, { interval: 0 }).unref(), client(echo)]; // The first has no timer.
     await Promise.all([one.connected(), other.connected()]);
     setTimeout(() => other.close(), 50);`,
    ['connecting', 'connecting', 'open', 'open', 'closing', 'closed'],
  ],
]) {
  test(`node: unref() lets the process end while a client is ${what}`, LIMIT, async () => {
    const folder = consumers.consumer(`unref-${what.replaceAll(' ', '-')}`, { 'app.js': UNREF + script });
    link(folder, 'ws');
    const seen = await run(folder, 'app.js');
    assert.deepEqual(seen.slice(0, states.length), states);
  });
}

for (const name of ['tidewire/inline', 'tidewire/nowasm']) {
  test(`node: ${name} has unref()`, LIMIT, async () => {
    const script = UNREF.replace("'tidewire'", `'${name}'`) + 'const one = client(echo); await one.connected(); one.unref();';
    const folder = consumers.consumer(`unref-${path.basename(name)}`, { 'app.js': script });
    link(folder, 'ws');
    assert.deepEqual(await run(folder, 'app.js'), ['connecting', 'open']);
  });
}

test('node: unref() lets the process end while a ReconnectingWebSocket is open', LIMIT, async () => {
  const script = `const socket = new ReconnectingWebSocket(echo);
    socket.onopen = () => states.push(socket.ref().unref() === socket);`;
  const folder = consumers.consumer('unref-socket', { 'app.js': UNREF + script });
  link(folder, 'ws');
  assert.deepEqual(await run(folder, 'app.js'), [true]);
});

test('node: ref() ends unref(), which another WebSocket refuses', LIMIT, async () => {
  const script = `const one = client(echo).unref().ref();
    one.addEventListener('open', () => setTimeout(() => one.close(), 50));
    one.addEventListener('close', async () => {
      await ready({ WebSocket: class {} });
      try { one.unref(); } catch (error) { states.push(error.message); }
    });`;
  const folder = consumers.consumer('unref-ref', { 'app.js': UNREF + script });
  link(folder, 'ws');
  const states = await run(folder, 'app.js');
  assert.deepEqual(states.slice(0, 4), ['connecting', 'open', 'closing', 'closed']);
  assert.match(states[4], /needs the WebSocket of npm's ws/);
});

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
