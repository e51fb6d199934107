// The connection opens while the wasm loads. The wasm comes when a test gives it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';

import { LIMIT, usePages } from './support/fixture.mjs';

const pages = usePages();

/**
 * A server, and a page in which `globalThis.give()` lets the wasm load. `onConnection(socket, count)`. Each of `sockets`
 * has `closed`, a promise: it may end before a test looks.
 */
async function setUp(context, onConnection) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  context.after(() => {
    server.clients.forEach((socket) => socket.terminate());
    server.close();
  });
  const sockets = [];
  server.on('connection', (socket) => {
    socket.closed = once(socket, 'close');
    sockets.push(socket);
    onConnection?.(socket, sockets.length);
  });
  await once(server, 'listening');
  const { page, errors } = await pages.openPage();
  context.after(() => page.close());
  await page.evaluate(async () => {
    const { Recording } = await import('/test/recording.js');
    const { ready } = await import('/dist/tidewire.js');
    const wasm = await (await fetch('/dist/tidewire.wasm')).arrayBuffer();
    const wasmBinary = new Promise((resolve) => (globalThis.give = (bytes = wasm) => resolve(bytes)));
    Object.assign(globalThis, { Recording, loaded: ready({ wasmBinary }) });
    loaded.catch(() => {});
  });
  return { server, sockets, page, errors, url: `ws://127.0.0.1:${server.address().port}/` };
}

const connect = (page, url) =>
  page.evaluate((to) => {
    globalThis.recording = new Recording(to, { reconnect: { firstDelay: 1, maxDelay: 1 } });
    recording.client.connect();
  }, url);

test('early: what comes while the wasm loads follows in order, on one connection', LIMIT, async (context) => {
  let received;
  const { server, sockets, page, url } = await setUp(context, (socket) => {
    received = once(socket, 'message');
    ['one', 'two'].forEach((text) => socket.send(text));
  });
  const accepted = once(server, 'connection');
  await connect(page, url);
  await accepted;
  const events = await page.evaluate(async () => {
    const before = recording.events.length;
    give();
    await recording.messages(2);
    recording.client.send('after');
    return [before, ...recording.events.map(({ type, to, data }) => to ?? data ?? type)];
  });
  assert.deepEqual(events, [0, 'connecting', 'open', 'open', 'one', 'two']);
  const [data] = await received;
  assert.equal(String(data), 'after');
  assert.equal(sockets.length, 1);
});

test('early: an end while the wasm loads is that of the first attempt', LIMIT, async (context) => {
  const { server, page, url } = await setUp(context, (socket, count) => count === 1 && socket.close(4001, 'not yet'));
  const accepted = once(server, 'connection');
  await connect(page, url);
  const [socket] = await accepted;
  await socket.closed;
  const { close, attempt } = await page.evaluate(async () => {
    give();
    const first = await recording.first('close');
    return { close: first, attempt: (await recording.nth('open', 2)).attempt };
  });
  assert.deepEqual([close.cause, close.code, close.reason, close.wasOpen, close.attempt], ['closed-by-peer', 4001, 'not yet', true, 1]);
  assert.equal(attempt, 2);
});

test('early: a connection that fails while the wasm loads is one failed attempt', LIMIT, async (context) => {
  const { server, page, url } = await setUp(context);
  await new Promise((resolve) => server.close(resolve));
  await connect(page, url);
  const { cause, attempt, willRetry } = await page.evaluate(async () => {
    const socket = new WebSocket(recording.client.url); // Fails after the other.
    await new Promise((resolve) => socket.addEventListener('close', resolve));
    give();
    return recording.first('close');
  });
  assert.deepEqual([cause, attempt, willRetry], ['connect-failed', 1, true]);
});

for (const [how, end] of [
  ['close()', () => recording.client.close()],
  ['dispose()', () => recording.client.dispose()],
  ['a wasm that is none', () => give(new Uint8Array(8).buffer)],
]) {
  test(`early: ${how} ends the connection`, LIMIT, async (context) => {
    const { server, sockets, page, url } = await setUp(context);
    const accepted = once(server, 'connection');
    await connect(page, url);
    const [socket] = await accepted;
    await page.evaluate(end);
    await socket.closed;
    await page.evaluate(async () => {
      give();
      await loaded.catch(() => {});
    });
    assert.equal(sockets.length, 1);
  });
}

test('early: connect() and then close() open no connection, before the wasm is there and after', LIMIT, async (context) => {
  const { sockets, page, url } = await setUp(context);
  const [made, types, causes, opened] = await page.evaluate(async (to) => {
    let made = 0;
    const Real = WebSocket;
    globalThis.WebSocket = class extends Real {
      constructor(...given) {
        super(...given);
        ++made;
      }
    };
    // The other one connects to the same address, earlier, and gets its turn later.
    const closed = new Recording(to);
    const other = new Recording(to);
    other.client.connect();
    for (let i = 0; i < 2; ++i) {
      closed.client.connect();
      closed.client.close();
    }
    await undefined;
    const before = made;
    give();
    const opened = await other.first('open');
    await closed.nth('close', 2);
    const types = closed.events.map(({ type, to: state }) => state ?? type);
    const causes = closed.events.flatMap(({ type, cause }) => (type === 'close' ? [cause] : []));
    return [[before, made], types, causes, opened.attempt];
  }, url);
  assert.deepEqual(made, [1, 1]);
  assert.deepEqual(types, ['connecting', 'closed', 'close', 'connecting', 'closed', 'close']);
  assert.deepEqual([causes, opened], [['closed-by-user', 'closed-by-user'], 1]);
  assert.equal(sockets.length, 1);
});

test('early: connect(), close() and connect() open one connection, which is that of the last call', LIMIT, async (context) => {
  const { sockets, page, url } = await setUp(context);
  const types = await page.evaluate(async (to) => {
    const recording = new Recording(to);
    recording.client.connect();
    recording.client.close();
    recording.client.connect();
    await undefined;
    give();
    await recording.first('open');
    return recording.events.map(({ type, to: state }) => state ?? type);
  }, url);
  assert.deepEqual(types, ['connecting', 'closed', 'close', 'connecting', 'open', 'open']);
  assert.equal(sockets.length, 1);
});

test('early: more than a page should hold is dropped, and the client connects when it can read', LIMIT, async (context) => {
  const { server, sockets, page, url } = await setUp(context, (socket, count) => {
    socket.send(count === 1 ? 'x'.repeat(1024 * 1024 + 1) : 'short');
  });
  const accepted = once(server, 'connection');
  await connect(page, url);
  const [first] = await accepted;
  await first.closed;
  assert.deepEqual(
    await page.evaluate(() => {
      give();
      return recording.messages(1);
    }),
    ['short'],
  );
  assert.equal(sockets.length, 2);
});

test('early: the subprotocols are those of the options, and a session offers its own', LIMIT, async (context) => {
  const { server, sockets, page, url } = await setUp(context);
  const accepted = once(server, 'connection');
  await page.evaluate(async (to) => {
    const { Client, Session } = await import('/dist/tidewire.js');
    globalThis.client = new Client(to, { subprotocols: ['one', 'two'] });
    client.connect();
    globalThis.session = new Session(to);
    session.connect();
  }, url);
  await accepted;
  const hello = new Promise((resolve) => {
    const listen = (socket) => socket.protocol === 'tidewire.v1' && socket.once('message', (data) => resolve(String(data)));
    sockets.forEach(listen);
    server.on('connection', listen);
  });
  const opened = await page.evaluate(async () => {
    const opening = new Promise((resolve) => client.addEventListener('open', resolve));
    give();
    return (await opening).subprotocol;
  });
  assert.match(await hello, /"op":"hello"/);
  assert.equal(opened, 'one');
  assert.deepEqual(sockets.map(({ protocol }) => protocol).sort(), ['one', 'tidewire.v1']);
});

test('early: with an endpoint function the connection waits for the wasm, which calls it', LIMIT, async (context) => {
  const { sockets, page, url } = await setUp(context);
  const called = await page.evaluate(async (to) => {
    let calls = 0;
    const endpoint = () => {
      ++calls;
      return { url: to };
    };
    const recording = new Recording(undefined, { endpoint });
    recording.client.connect();
    const before = calls;
    give();
    await recording.first('open');
    return [before, calls];
  }, url);
  assert.deepEqual(called, [0, 1]);
  assert.equal(sockets.length, 1);
});
