// How a page is told that a connection cannot be, and that nothing waits for what never comes. What a browser itself
// does runs in every engine; what stands in for a browser's WebSocket, in Chromium.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ENGINE, LIMIT, closedPort, serverFor, usePages } from './support/fixture.mjs';

const pages = usePages();
const inChromium = { ...LIMIT, skip: ENGINE !== 'chromium' && 'nothing of the engine is in it' };

// Everything but the other name of this machine, at which nobody listens either.
const POLICY = "connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*";
const forbidden = async () => `ws://localhost:${await closedPort()}/some/path?a=b`;

const outcome = ({ cause, wasOpen, willRetry }) => [cause, wasOpen, willRetry];

test("refusals: an address forbidden by the page's policy ends the attempt at once, and for good", LIMIT, async () => {
  const script = async (url) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url, { connectTimeout: 25_000 });
    recording.client.connect();
    const before = performance.now();
    await recording.reached('closed');
    const time = performance.now() - before;
    return { closes: recording.of('close'), time };
  };
  const { closes, time } = await pages.inPage(script, await forbidden(), POLICY);
  assert.deepEqual(closes.map(outcome), [['connect-failed', false, false]]);
  assert.match(closes[0].detail, /forbids this address.*Content-Security-Policy/);
  assert.ok(time < 10_000, `${time} ms`);
});

test('refusals: after a forbidden address an endpoint function may name another', LIMIT, async (context) => {
  const server = await serverFor(context);
  const script = async (urls) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(null, {
      endpoint: () => ({ url: urls.shift() }),
      connectTimeout: 25_000,
      reconnect: { firstDelay: 1 },
    });
    recording.client.connect();
    await recording.first('open');
    const closes = recording.of('close');
    recording.client.close();
    return closes;
  };
  const closes = await pages.inPage(script, [await forbidden(), `${server.ws}/echo`], POLICY);
  assert.deepEqual(closes.map(outcome), [['connect-failed', false, true]]);
});

test('refusals: a port that browsers forbid is a failed connection at once', LIMIT, async () => {
  const close = await pages.inPage(async () => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording('ws://127.0.0.1:6667/', { connectTimeout: 25_000 });
    recording.client.connect();
    const first = await recording.first('close');
    recording.client.close();
    return first;
  });
  assert.equal(close.cause, 'connect-failed');
});

test('refusals: mixed content ends the attempt at once, and for good', inChromium, async () => {
  const page = await pages.browser.newPage();
  // Served by the test itself, so no certificate is needed; the address is never looked up.
  await page.route('https://page.invalid/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    await route.fulfill({ response: await page.request.fetch(`${pages.files.url}${pathname}`) });
  });
  await page.goto('https://page.invalid/');
  const closes = await page.evaluate(async () => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording('ws://server.invalid/', { connectTimeout: 25_000 });
    recording.client.connect();
    await recording.reached('closed');
    return recording.of('close');
  });
  await page.close();
  assert.deepEqual(closes.map(outcome), [['connect-failed', false, false]]);
  assert.match(closes[0].detail, /HTTPS/);
});

// Runs `play(socket)` for each socket that is made in a page, in place of a connection, and answers what a client with
// these options told until it had closed or wanted to wait.
const playedIn = (play, options) => `(async () => {
  globalThis.WebSocket = class {
    readyState = 0;
    bufferedAmount = 0;
    protocol = '';
    constructor() { setTimeout(() => (${play})(this), 1); }
    send() {}
    close() {}
  };
  const { Recording } = await import('/test/recording.js');
  const options = { connectTimeout: 25_000, reconnect: { firstDelay: 3600_000 }, ...${JSON.stringify(options ?? {})} };
  const recording = new Recording('ws://127.0.0.1:1/', options);
  recording.client.connect();
  await recording.first('close');
  const closes = recording.of('close');
  recording.client.close();
  return closes;
})()`;

async function played(play, options) {
  const { page, errors } = await pages.openPage();
  const closes = await page.evaluate(playedIn(play, options));
  await page.close();
  assert.deepEqual(errors, []);
  return closes;
}

test('refusals: an error without a close event ends the attempt', inChromium, async () => {
  const [close] = await played((socket) => {
    socket.readyState = 3;
    socket.onerror({});
  });
  assert.deepEqual(outcome(close), ['connect-failed', false, true]);
});

test('refusals: an error without a close event ends an open connection', inChromium, async () => {
  const [close] = await played((socket) => {
    socket.readyState = 1;
    socket.onopen({});
    socket.onerror({});
  });
  assert.deepEqual(outcome(close), ['connection-lost', true, true]);
});

test('refusals: a close event that follows an error has the word', inChromium, async () => {
  const [close] = await played((socket) => {
    socket.readyState = 1;
    socket.onopen({});
    socket.onerror({});
    setTimeout(() => socket.onclose({ code: 4001, reason: 'so be it' }), 1);
  });
  assert.deepEqual([close.cause, close.code, close.reason], ['closed-by-peer', 4001, 'so be it']);
});

test('refusals: a close event without details ends the attempt as connect-failed', inChromium, async () => {
  const [close] = await played((socket) => socket.onclose({}));
  assert.deepEqual(outcome(close), ['connect-failed', false, true]);
});

test('refusals: a socket whose methods throw ends its connection, and nothing else', inChromium, async () => {
  const [close] = await played((socket) => {
    socket.send = socket.close = () => {
      throw { toString: null };
    };
    socket.readyState = 1;
    socket.onopen({});
    // The heartbeat below is the first that sends.
  }, { heartbeat: { interval: 1, message: 'ping', answer: 'pong' } });
  assert.deepEqual(outcome(close), ['connection-lost', true, true]);
});

for (const [what, script, expected] of [
  ['is not there', 'delete globalThis.WebSocket; globalThis.WebSocket = undefined', ['unavailable', false, false]],
  ['is no class', 'globalThis.WebSocket = {}', ['unavailable', false, false]],
  [
    'throws for a reason of its own',
    "globalThis.WebSocket = class { constructor() { throw new Error('not now'); } }",
    ['connect-failed', false, true],
  ],
  [
    'throws a SyntaxError of its own',
    "globalThis.WebSocket = class { constructor() { JSON.parse('no'); } }",
    ['connect-failed', false, true],
  ],
  [
    'is refused for the sake of security',
    "globalThis.WebSocket = class { constructor() { throw new DOMException('not here', 'SecurityError'); } }",
    ['connect-failed', false, false],
  ],
]) {
  test(`refusals: a WebSocket that ${what} ends the attempt`, inChromium, async () => {
    const result = await pages.inPage(async (script) => {
      const { Recording } = await import('/test/recording.js');
      const native = globalThis.WebSocket;
      (0, eval)(script);
      const recording = new Recording('ws://127.0.0.1:1/', { reconnect: { firstDelay: 3600_000 } });
      recording.client.connect();
      const during = recording.of('close').length;
      const close = await recording.first('close');
      globalThis.WebSocket = native;
      recording.client.close();
      return { during, close };
    }, script);
    assert.equal(result.during, 0);
    assert.deepEqual(outcome(result.close), expected);
    if (expected[0] === 'unavailable') assert.match(result.close.detail, /no WebSocket here/);
  });
}

test('heartbeat: a number in one of the two texts only throws a TypeError that names it', inChromium, async () => {
  const errors = await pages.inPage(async () => {
    const { Client } = await import('/dist/tidewire.js');
    const heartbeats = [
      { message: 'ping {n}', answer: 'pong' },
      { message: 'ping {n}' },
      { answer: '{n}' },
      { message: '{n}{n}', answer: '{n}{n}' },
    ];
    new Client('ws://127.0.0.1:1/', { heartbeat: { message: 'ping {n}', answer: 'pong {n}' } });
    return heartbeats.map((heartbeat) => {
      try {
        new Client('ws://127.0.0.1:1/', { heartbeat });
        return 'none';
      } catch (error) {
        return `${error.name}: ${error.message}`;
      }
    });
  });
  const names = ['answer', 'answer', 'answer', 'message'];
  names.forEach((name, i) => assert.ok(errors[i].startsWith(`TypeError: heartbeat.${name}: it `), errors[i]));
});

test('heartbeat: with numbered heartbeats a page loses no message', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const heartbeat = { interval: 0, message: 'alive? {n}', answer: 'alive? {n}' };
    const recording = await opened(url, { heartbeat });
    ['alive? {n}', 'alive? 1', 'alive?'].forEach((text) => recording.client.send(text));
    recording.client.heartbeat();
    await recording.messages(3);
    await recording.first('heartbeat');
    recording.client.close();
    return recording.of('message').map(({ data }) => data);
  }, `${server.ws}/echo`);
  assert.deepEqual(result, ['alive? {n}', 'alive? 1', 'alive?']);
});

test('log: a page warns once of a client that cannot send heartbeats', inChromium, async (context) => {
  const server = await serverFor(context);
  const warnings = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const records = [];
    const recording = await opened(url, { log: { sink: (record) => records.push(record) } });
    recording.client.reconnect();
    await recording.nth('open', 2);
    recording.client.close();
    return records.filter(({ text }) => /no heartbeat/.test(text)).map(({ level }) => level);
  }, `${server.ws}/echo`);
  assert.deepEqual(warnings, ['warning']);
});
