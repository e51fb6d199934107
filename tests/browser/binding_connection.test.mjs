// The JavaScript binding in a browser: how connections begin, end and come back.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { WebSocketServer } from 'ws';

import { LIMIT, serverFor, usePages } from './support/fixture.mjs';

const pages = usePages();

// A port on which nobody listens: the kernel has just given it to us, and will not give it to another at once.
async function closedPort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const ending = ({ cause, code, reason, wasOpen, willRetry }) => ({ cause, code, reason, wasOpen, willRetry });

test('client: an attempt goes from idle by connecting to open, and says so', LIMIT, async (context) => {
  const server = await serverFor(context);
  const events = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    return (await opened(url)).events;
  }, `${server.ws}/echo`);
  assert.deepEqual(
    events.map(({ type, from, to }) => [type, from, to]),
    [
      ['statechange', 'idle', 'connecting'],
      ['statechange', 'connecting', 'open'],
      ['open', undefined, undefined],
    ],
  );
  const { subprotocol, attempt, reconnects, handshakeTime } = events[2];
  assert.deepEqual([subprotocol, attempt, reconnects], ['', 1, 0]);
  assert.ok(handshakeTime > 0 && handshakeTime < 60_000, `handshakeTime is ${handshakeTime}`);
});

test('client: our close ends in one close event with our code and reason', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(url);
    const answers = [recording.client.close(3001, 'über'), recording.client.close(), recording.client.send('late')];
    await recording.reached('closed');
    return { answers, closes: recording.of('close') };
  }, `${server.ws}/echo`);
  assert.deepEqual(result.answers, ['accepted', 'already-closed', 'closed']);
  assert.deepEqual(result.closes.map(ending), [
    { cause: 'closed-by-user', code: 3001, reason: 'über', wasOpen: true, willRetry: false },
  ]);
});

test('client: what was queued while open is sent before the close', LIMIT, async (context) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  context.after(() => server.close());
  const received = [];
  const closed = new Promise((resolve) => {
    server.on('connection', (socket) => {
      socket.on('message', (data) => received.push(String(data)));
      socket.on('close', (code, reason) => resolve([code, String(reason)]));
    });
  });
  await once(server, 'listening');
  await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(url);
    for (let i = 0; i < 20; ++i) {
      recording.client.send(String(i));
    }
    recording.client.close(4000, 'done');
    await recording.first('close');
  }, `ws://127.0.0.1:${server.address().port}/`);
  assert.deepEqual(await closed, [4000, 'done']);
  assert.deepEqual(
    received,
    Array.from({ length: 20 }, (_, i) => String(i)),
  );
});

test("client: the peer's close code and reason are reported", LIMIT, async (context) => {
  const server = await serverFor(context);
  const close = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(url, { reconnect: { finalCodes: [4001] } });
    return recording.first('close');
  }, `${server.ws}/close?code=4001&reason=${encodeURIComponent('go away, 世界')}`);
  assert.deepEqual(ending(close), {
    cause: 'closed-by-peer',
    code: 4001,
    reason: 'go away, 世界',
    wasOpen: true,
    willRetry: false,
  });
});

test('client: a refused connection is a close event that never was open', LIMIT, async () => {
  const port = await closedPort();
  const result = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url, { reconnect: { firstDelay: 1 } });
    recording.client.connect();
    await recording.nth('close', 2);
    recording.client.close();
    await recording.reached('closed');
    return recording.of('close');
  }, `ws://127.0.0.1:${port}/`);
  assert.deepEqual(ending(result[0]), {
    cause: 'connect-failed',
    code: 1006,
    reason: '',
    wasOpen: false,
    willRetry: true,
  });
  assert.match(result[0].detail, /browser/);
  assert.deepEqual(
    result.slice(0, 2).map((close) => close.attempt),
    [1, 2],
  );
});

test('client: what the browser forbids is a failed connection, reported later', LIMIT, async () => {
  const result = await pages.inPage(async () => {
    globalThis.WebSocket = class {
      constructor() {
        throw new DOMException('not from here', 'SecurityError');
      }
    };
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording('ws://127.0.0.1:1/', { reconnect: { enabled: false } });
    recording.client.connect();
    const during = recording.of('close').length;
    return [during, await recording.first('close')];
  });
  assert.equal(result[0], 0);
  assert.equal(result[1].cause, 'connect-failed');
  assert.match(result[1].detail, /not from here/);
});

test('client: a subprotocol that the server does not choose fails the connection', LIMIT, async (context) => {
  const server = await serverFor(context);
  const close = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url, { subprotocols: ['no.such'], reconnect: { enabled: false } });
    recording.client.connect();
    return recording.first('close');
  }, `${server.ws}/echo`);
  assert.deepEqual([close.cause, close.wasOpen], ['connect-failed', false]);
});

test('client: a killed server that comes back is connected to again, with what was queued', LIMIT, async (context) => {
  const first = await serverFor(context);
  const { page } = await pages.openPage();
  context.after(() => page.close());
  await page.evaluate(async (url) => {
    const { opened } = await import('/test/recording.js');
    globalThis.recording = await opened(url, { reconnect: { firstDelay: 20, maxDelay: 100 } });
  }, `${first.ws}/echo`);
  await first.kill('SIGKILL');
  const lost = await page.evaluate(async () => {
    const close = await recording.first('close');
    recording.client.send('waited');
    return close;
  });
  await serverFor(context, ['--port', String(first.port)]);
  const result = await page.evaluate(async () => {
    const { attempt, reconnects } = await recording.nth('open', 2);
    return { attempt, reconnects, messages: await recording.messages(1) };
  });
  assert.deepEqual(ending(lost), {
    cause: 'connection-lost',
    code: 1006,
    reason: '',
    wasOpen: true,
    willRetry: true,
  });
  assert.equal(result.reconnects, 1);
  assert.ok(result.attempt >= 2);
  assert.deepEqual(result.messages, ['waited']);
});

test('client: reconnect drops the connection and makes another at once', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(url);
    const answer = recording.client.reconnect();
    await recording.nth('open', 2);
    recording.client.send('still here');
    await recording.messages(1);
    return { answer, closes: recording.of('close').map((close) => [close.cause, close.willRetry]) };
  }, `${server.ws}/echo`);
  assert.deepEqual(result, { answer: 'started', closes: [['reconnect-asked', true]] });
});

test('client: a heartbeat measures the round trip and keeps its answer to itself', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(url, { heartbeat: { interval: 20, message: 'ping', answer: 'pong' } });
    await recording.nth('heartbeat', 3);
    return {
      asked: recording.client.heartbeat(),
      times: recording.of('heartbeat').map((heartbeat) => heartbeat.roundTrip),
      pongs: recording.of('message').filter((message) => message.data === 'pong').length,
    };
  }, `${server.ws}/ticker?rate=50`);
  assert.equal(result.asked, 'asked');
  assert.equal(result.pongs, 0);
  assert.ok(result.times.every((time) => time > 0 && time < 10_000), `round trips were ${result.times}`);
});

test('client: a server that goes silent is noticed by the heartbeat', LIMIT, async (context) => {
  const server = await serverFor(context);
  const { page } = await pages.openPage();
  context.after(() => page.close());
  await page.evaluate(async (url) => {
    const { opened } = await import('/test/recording.js');
    globalThis.recording = await opened(url, {
      heartbeat: { interval: 50, timeout: 200, message: 'ping', answer: 'pong' },
    });
    await recording.first('heartbeat');
  }, `${server.ws}/ticker`);
  process.kill(server.pid, 'SIGSTOP');
  const close = await page.evaluate(() => recording.first('close'));
  assert.deepEqual(ending(close), {
    cause: 'heartbeat-timeout',
    code: 1006,
    reason: '',
    wasOpen: true,
    willRetry: true,
  });
});

test('client: without a message to ask with, a heartbeat is unsupported in a page', LIMIT, async (context) => {
  const server = await serverFor(context);
  const answers = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url);
    const before = recording.client.heartbeat();
    recording.client.connect();
    await recording.first('open');
    return [before, recording.client.heartbeat()];
  }, `${server.ws}/echo`);
  assert.deepEqual(answers, ['unsupported', 'unsupported']);
});

test('client: a module worker connects as a page does', LIMIT, async (context) => {
  const server = await serverFor(context);
  const echo = await pages.inPage(async (url) => {
    const worker = new Worker('/test/echo_worker.js', { type: 'module' });
    const answer = new Promise((resolve, reject) => {
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
    });
    worker.postMessage(url);
    return answer;
  }, `${server.ws}/echo`);
  assert.equal(echo, 'from a worker');
});
