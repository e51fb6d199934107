// ReconnectingWebSocket beside the browser's own WebSocket, in one page, case by case; and what only it does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';

import { LIMIT, usePages } from './support/fixture.mjs';

const pages = usePages();

// By name of a case: what differs, and why it stays so. docs/migrating.md has the same for users.
const DIFFERENT = [
  [/^the name$/, 'a class of its own'],
  [/^the tag$/, 'a class of its own'],
  [/%zz|u:p@|:0\/|a\|b/, 'the core accepts only what RFC 3986 allows, and a page cannot send user info'],
  [/^close\(undefined\) while open$/, 'the core always sends a code: 1000, where the browser sends none'],
];

function onConnection(server, socket, request) {
  const { pathname, searchParams } = new URL(request.url, 'http://server');
  const play = {
    '/echo': () => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    '/close': () => socket.close(...(searchParams.has('code') ? [Number(searchParams.get('code')), searchParams.get('reason') ?? ''] : [])),
    '/drop': () => socket.terminate(),
    '/slow-first': () => (server.slow ? play['/echo']() : ((server.slow = true), request.socket.pause())),
    '/greet': () => {
      socket.send('hello');
      socket.send(Buffer.from([1, 2]));
      socket.close(1000);
    },
  };
  play[pathname]?.();
}

async function startServer(context, port = 0) {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port,
    perMessageDeflate: false,
    verifyClient: ({ req }) => req.url !== '/refuse',
  });
  server.on('connection', (...given) => onConnection(server, ...given));
  await new Promise((resolve) => server.once('listening', resolve));
  const stop = () => {
    server.clients.forEach((each) => each.terminate());
    return new Promise((resolve) => server.close(resolve));
  };
  context.after(stop);
  return { ws: `ws://127.0.0.1:${server.address().port}`, port: server.address().port, stop };
}

test('socket: each case is as with the WebSocket of the browser', { timeout: 60_000 }, async (context) => {
  const server = await startServer(context);
  const rows = await pages.inPage(async (ws) => {
    const { ReconnectingWebSocket } = await import('/dist/tidewire.js');
    const { compare } = await import('/test/socket_cases.js');
    return compare(ws, ReconnectingWebSocket);
  }, server.ws);
  assert.ok(rows.length >= 150, `${rows.length} cases`);
  const isListed = (name) => DIFFERENT.some(([pattern]) => pattern.test(name));
  const different = rows.filter(([, browser, ours]) => browser !== ours);
  assert.deepEqual(different.filter(([name]) => !isListed(name)), []);
  // A difference that has gone has to leave the list.
  for (const [pattern] of DIFFERENT) {
    assert.ok(different.some(([name]) => pattern.test(name)), String(pattern));
  }
  context.diagnostic(`${rows.length} cases, ${different.length} listed differences`);
});

test('socket: after a loss it closes, and opens again on the same object', LIMIT, async (context) => {
  const server = await startServer(context);
  const log = await pages.inPage(async (ws) => {
    const { ReconnectingWebSocket } = await import('/dist/tidewire.js');
    const socket = new ReconnectingWebSocket(`${ws}/close?code=1012`, [], { reconnect: { firstDelay: 1 } });
    const log = [];
    return new Promise((resolve) => {
      for (const type of ['open', 'error', 'close']) {
        socket.addEventListener(type, ({ code, willRetry }) => {
          log.push([type, socket.readyState, code, willRetry].filter((each) => each !== undefined).join(' '));
          if (log.length === 3) socket.close();
          if (type === 'close' && willRetry === false) resolve(log);
        });
      }
    });
  }, server.ws);
  assert.deepEqual(log.slice(0, 3), ['open 1', 'close 0 1012 true', 'open 1']);
  assert.match(log.at(-1), /^close 3 \d+ false$/);
});

test('socket: close while it waits for the next attempt ends with a close event', LIMIT, async (context) => {
  const server = await startServer(context);
  const log = await pages.inPage(async (ws) => {
    const { ReconnectingWebSocket } = await import('/dist/tidewire.js');
    const socket = new ReconnectingWebSocket(`${ws}/drop`, [], { reconnect: { firstDelay: 1e6, maxDelay: 1e6 } });
    const log = [];
    return new Promise((resolve) => {
      socket.onclose = ({ code, wasClean, willRetry }) => {
        log.push([socket.readyState, code, wasClean]);
        if (willRetry) {
          queueMicrotask(() => {
            socket.close();
            log.push(socket.readyState);
          });
        } else resolve(log);
      };
    });
  }, server.ws);
  assert.deepEqual(log, [[0, 1006, false], 2, [3, 1006, false]]);
});

test('socket: reconnect() connects at once, after close() too', LIMIT, async (context) => {
  const server = await startServer(context);
  const opens = await pages.inPage(async (ws) => {
    const { ReconnectingWebSocket } = await import('/dist/tidewire.js');
    const socket = new ReconnectingWebSocket(`${ws}/echo`);
    const next = (type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
    await next('open');
    socket.reconnect();
    await next('open');
    socket.close();
    await next('close');
    socket.reconnect();
    await next('open');
    socket.close();
    await next('close');
    return socket.readyState;
  }, server.ws);
  assert.equal(opens, 3);
});

test('socket: what a lost connection has not taken is not for the next one', LIMIT, async (context) => {
  const server = await startServer(context);
  const result = await pages.inPage(async (ws) => {
    const { ReconnectingWebSocket } = await import('/dist/tidewire.js');
    const socket = new ReconnectingWebSocket(`${ws}/slow-first`);
    const next = (type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
    await next('open');
    for (let i = 0; i < 12; ++i) socket.send('x'.repeat(1 << 20));
    await new Promise((resolve) => setTimeout(resolve));
    const waiting = socket.bufferedAmount;
    socket.reconnect();
    await next('open');
    socket.send('next');
    const { data } = await next('message');
    socket.close();
    return [waiting > 1 << 20, data.length, socket.bufferedAmount];
  }, server.ws);
  assert.deepEqual(result, [true, 4, 0]);
});

test('socket: with the option, messages wait for the connection', LIMIT, async (context) => {
  const server = await startServer(context);
  const echoed = await pages.inPage(async (ws) => {
    const { ReconnectingWebSocket } = await import('/dist/tidewire.js');
    const socket = new ReconnectingWebSocket(`${ws}/echo`, [], { sendQueue: { whenNotOpen: 'queue' } });
    socket.send('early');
    const data = await new Promise((resolve) => (socket.onmessage = (event) => resolve(event.data)));
    socket.close();
    return data;
  }, server.ws);
  assert.equal(echoed, 'early');
});
