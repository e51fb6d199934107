// The JavaScript binding in a browser: how connections begin, end and come back.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { WebSocketServer } from 'ws';

import { LIMIT, closedPort, serverFor, usePages } from './support/fixture.mjs';

const pages = usePages();

// A server that tells what it is asked for.
async function askedServer(context) {
  const asked = [];
  const handleProtocols = (offered) => [...offered][0];
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols });
  context.after(() => {
    server.clients.forEach((socket) => socket.terminate());
    server.close();
  });
  server.on('connection', (socket, request) => {
    asked.push(request.url);
    socket.on('message', (data) => socket.send(String(data)));
  });
  await once(server, 'listening');
  return { server, asked, http: `http://127.0.0.1:${server.address().port}` };
}

const ending = ({ cause, code, reason, wasOpen, willRetry }) => ({ cause, code, reason, wasOpen, willRetry });

test('client: an attempt goes from idle by connecting to open, with an event for each', LIMIT, async (context) => {
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

test('client: messages queued while open are sent before the close', LIMIT, async (context) => {
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

test('client: an address forbidden by the browser is a failed connection, reported later', LIMIT, async () => {
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

test('client: it reconnects to a restarted server, and sends the queued messages', LIMIT, async (context) => {
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
  assert.deepEqual(result, { answer: 'started', closes: [['reconnect-requested', true]] });
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
      last: recording.of('heartbeat').at(-1),
      stats: recording.client.stats().roundTrips,
      pongs: recording.of('message').filter((message) => message.data === 'pong').length,
    };
  }, `${server.ws}/ticker?rate=50`);
  assert.equal(result.asked, 'sent');
  assert.equal(result.pongs, 0);
  assert.ok(result.times.every((time) => time > 0 && time < 10_000), `round trips were ${result.times}`);
  const { roundTrip: last, smoothed, min } = result.last;
  assert.equal(min, Math.min(...result.times));
  assert.ok(smoothed >= min && smoothed <= Math.max(...result.times), `the smoothed time is ${smoothed}`);
  assert.deepEqual(result.stats, { last, smoothed, min });
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

// A page whose timers do not come, as in a tab that is hidden for long, until `minuteLater()` is called there: then its
// clocks have gone on by a minute, and all that was set for that time is called.
async function throttledPage(context) {
  const { page } = await pages.openPage();
  context.after(() => page.close());
  await page.evaluate(() => {
    let passed = 0;
    const timers = new Map();
    for (const clock of [performance, Date]) {
      const now = clock.now.bind(clock);
      clock.now = () => now() + passed;
    }
    let last = 0;
    globalThis.setTimeout = (script) => (timers.set(++last, script), last);
    globalThis.clearTimeout = (timer) => timers.delete(timer);
    globalThis.minuteLater = () => {
      passed += 60_000;
      const due = [...timers.values()];
      timers.clear();
      due.forEach((script) => script());
    };
  });
  return page;
}

const IMPATIENT = { interval: 50, timeout: 200, message: 'ping', answer: 'pong' };

test('client: timers that come a minute late end no connection that is alive', LIMIT, async (context) => {
  const server = await serverFor(context);
  const page = await throttledPage(context);
  const result = await page.evaluate(
    async ([url, heartbeat]) => {
      const { opened } = await import('/test/recording.js');
      const recording = await opened(url, { heartbeat });
      for (let minutes = 1; minutes <= 5; ++minutes) {
        minuteLater();
        await recording.nth('heartbeat', minutes);
        await recording.nth('message', 5 * minutes);
      }
      return { closes: recording.of('close'), state: recording.client.state };
    },
    [`${server.ws}/ticker?rate=50`, IMPATIENT],
  );
  assert.deepEqual(result, { closes: [], state: 'open' });
});

test('client: a silent peer is noticed although timers come a minute late', LIMIT, async (context) => {
  const server = await serverFor(context);
  const page = await throttledPage(context);
  await page.evaluate(
    async ([url, heartbeat]) => {
      const { opened } = await import('/test/recording.js');
      globalThis.recording = await opened(url, { heartbeat });
      minuteLater();
      await recording.first('heartbeat');
    },
    [`${server.ws}/echo`, { ...IMPATIENT, message: 'alive?', answer: 'alive?' }],
  );
  process.kill(server.pid, 'SIGSTOP');
  const causes = await page.evaluate(() => {
    // One timer asks, one gives what has arrived time to be read, one judges.
    [1, 2, 3].forEach(minuteLater);
    return recording.first('close').then((close) => [close.cause, recording.of('close').length]);
  });
  assert.deepEqual(causes, ['heartbeat-timeout', 1]);
});

test('client: without heartbeat.message a heartbeat is unsupported in a page, once the wasm is there', LIMIT, async (context) => {
  const server = await serverFor(context);
  const answers = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url);
    const before = recording.client.heartbeat();
    recording.client.connect();
    await recording.first('open');
    return [before, recording.client.heartbeat()];
  }, `${server.ws}/echo`);
  assert.deepEqual(answers, ['not-open', 'unsupported']);
});

test('endpoint: an attempt waits for the promise, and connects to its endpoint', LIMIT, async (context) => {
  const { asked, http } = await askedServer(context);
  const result = await pages.inPage(async (http) => {
    const { Recording } = await import('/test/recording.js');
    const requests = [];
    let answer = null;
    const requested = new Promise((resolve) => {
      const endpoint = (request) => {
        requests.push(request);
        resolve();
        return new Promise((resolveLater) => (answer = resolveLater));
      };
      globalThis.recording = new Recording(null, { endpoint, subprotocols: ['as.configured'] });
    });
    recording.client.connect();
    await requested;
    const waiting = [recording.client.state, recording.client.url];
    await new Promise((resolve) => setTimeout(resolve));
    answer({ url: new URL(`${http}/late?token=1`), subprotocols: ['chosen'] });
    const { subprotocol, times } = await recording.first('open');
    return { requests, waiting, subprotocol, times, stats: recording.client.stats() };
  }, http);
  assert.deepEqual(result.requests, [
    { attempt: 1, lastClose: null, configured: { url: '', subprotocols: ['as.configured'] } },
  ]);
  assert.deepEqual(result.waiting, ['connecting', '']);
  assert.deepEqual(asked, ['/late?token=1']);
  assert.equal(result.subprotocol, 'chosen');
  assert.ok(result.times.endpoint > 0 && result.times.endpoint < 30_000, `it took ${result.times.endpoint}`);
  assert.deepEqual(result.stats.lastHandshake, result.times);
});

test('endpoint: a failure or an invalid endpoint ends the attempt, and the function is called again', LIMIT, async (context) => {
  const { asked, http } = await askedServer(context);
  const { closes, requests } = await pages.inPage(async (http) => {
    const { Recording } = await import('/test/recording.js');
    const answers = [
      () => Promise.reject(new Error('no token')),
      () => {
        throw new RangeError('thrown at once');
      },
      () => {
        throw Object.create(null);
      },
      () => ({ url: 'ftp://example.com/' }),
      () => ({ url: 'ws://a:0/' }),
      () => ({ subprotocols: [] }),
      () => undefined,
      () => ({ url: http, subprotocols: ['a b'] }),
      () => ({ url: http, headers: { token: '1' } }),
      () => ({ url: http }),
    ];
    const requests = [];
    const endpoint = (request) => {
      requests.push(request);
      return answers[requests.length - 1]();
    };
    const recording = new Recording(http, { endpoint, reconnect: { firstDelay: 1, maxDelay: 1 } });
    recording.client.connect();
    await recording.first('open');
    return { closes: recording.of('close'), requests };
  }, http);
  assert.deepEqual(asked, ['/']);
  const details = [
    /^no token/, /RangeError: thrown at once/, /without a text/, /url: its scheme/, /url: its port/,
    /url must be given/, /must be an object/, /subprotocols: an entry/, /endpoint\.headers/,
  ];
  assert.equal(closes.length, details.length);
  closes.forEach((close, i) => {
    assert.deepEqual([close.cause, close.wasOpen, close.willRetry], ['endpoint-failed', false, true]);
    assert.match(close.detail, details[i]);
    assert.equal(close.neverOpened, i >= 2);
    const { type, isTrusted, ...info } = close;
    assert.deepEqual(requests[i + 1].lastClose, info);
    assert.equal(requests[i + 1].attempt, i + 2);
  });
  assert.equal(requests[0].configured.url, `${http.replace('http', 'ws')}/`);
});

test('endpoint: an answer to an attempt that is over is nothing', LIMIT, async (context) => {
  const { asked, http } = await askedServer(context);
  const causes = await pages.inPage(async (http) => {
    const { Recording } = await import('/test/recording.js');
    let answerFirst = null;
    const endpoint = () => {
      if (answerFirst === null) {
        return new Promise((resolve) => (answerFirst = resolve));
      }
      answerFirst({ url: `${http}/too-late` });
      return { url: `${http}/in-time` };
    };
    const recording = new Recording(null, { endpoint, connectTimeout: 500, reconnect: { firstDelay: 1 } });
    recording.client.connect();
    await recording.first('open');
    return recording.of('close').map((close) => close.cause);
  }, http);
  assert.equal(causes[0], 'connect-timeout');
  assert.deepEqual([...new Set(asked)], ['/in-time']);
});

// There another client may have its place.
test('endpoint: an answer to a client that is gone never reaches the wasm', LIMIT, async () => {
  const calls = await pages.inPage(async () => {
    let calls = 0;
    const { instantiateStreaming } = WebAssembly;
    WebAssembly.instantiateStreaming = async (...args) => {
      const { exports } = (await instantiateStreaming.apply(WebAssembly, args)).instance;
      const counted = (name) => (...numbers) => (++calls, exports[name](...numbers));
      const watched = ['tidewire_endpoint_answer', 'tidewire_endpoint_fail'].map((name) => [name, counted(name)]);
      return { instance: { exports: { ...exports, ...Object.fromEntries(watched) } } };
    };
    const { Recording } = await import('/test/recording.js');
    const after = [];
    for (const isGone of [false, true]) {
      for (const settle of [(resolve) => resolve({ url: '/no-such' }), (_, reject) => reject(new Error('no token'))]) {
        let answer = null;
        const options = { endpoint: () => new Promise((...both) => (answer = () => settle(...both))) };
        const recording = new Recording(null, options);
        recording.client.connect();
        while (answer === null) {
          await new Promise((resolve) => setTimeout(resolve));
        }
        if (isGone) {
          recording.client.dispose();
        }
        answer();
        await new Promise((resolve) => setTimeout(resolve));
        after.push(calls);
      }
    }
    return after;
  });
  assert.deepEqual(calls, [1, 2, 2, 2]);
});

test('client: after maxAttempts it has closed for good', LIMIT, async () => {
  const closes = await pages.inPage(async () => {
    const { Recording } = await import('/test/recording.js');
    const endpoint = () => Promise.reject('never');
    const recording = new Recording(null, { endpoint, reconnect: { firstDelay: 1, maxAttempts: 3 } });
    recording.client.connect();
    await recording.nth('close', 3);
    return [recording.client.state, ...recording.of('close').map((close) => [close.willRetry, close.detail])];
  });
  assert.deepEqual(closes, ['closed', [true, 'never'], [true, 'never'], [false, 'never']]);
});

test('hints: the network is back, and the next attempt does not wait any longer', LIMIT, async () => {
  const waits = await pages.inPage(async () => {
    const { Recording } = await import('/test/recording.js');
    const endpoint = () => Promise.reject('offline');
    const recording = new Recording(null, { endpoint, reconnect: { firstDelay: 10, maxDelay: 1e7 } });
    recording.client.addEventListener('close', () => globalThis.dispatchEvent(new Event('online')));
    recording.client.connect();
    await recording.nth('close', 20);
    return recording.of('close').map((close) => close.retryIn);
  });
  // Each wait is random, so that only all of them together are surely longer than this test may take.
  const sum = waits.reduce((total, wait) => total + wait, 0);
  assert.ok(sum > LIMIT.timeout, `the waits would have been ${waits}`);
});

for (const [what, hint] of Object.entries({
  'the page is shown': () => document.dispatchEvent(new Event('visibilitychange')),
  'the page wakes up': () => document.dispatchEvent(new Event('resume')),
  'the page comes back from the cache': () =>
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })),
  'the network is back': () => window.dispatchEvent(new Event('online')),
  'the network is said to be gone': () => window.dispatchEvent(new Event('offline')),
})) {
  test(`hints: ${what}, and the peer is asked at once`, LIMIT, async (context) => {
    const server = await serverFor(context);
    const { page, errors } = await pages.openPage();
    context.after(() => page.close());
    await page.evaluate(async (url) => {
      const { opened } = await import('/test/recording.js');
      globalThis.recording = await opened(url, { heartbeat: { interval: 0, message: 'ping', answer: 'pong' } });
    }, `${server.ws}/ticker`);
    await page.evaluate(hint);
    const { roundTrip } = await page.evaluate(() => recording.first('heartbeat'));
    assert.ok(roundTrip > 0);
    assert.deepEqual(errors, []);
  });
}

test('hints: in a worker too a heartbeat is sent at once when the network is back', LIMIT, async (context) => {
  const server = await serverFor(context);
  const told = await pages.inPage(async (url) => {
    const worker = new Worker('/test/online_worker.js', { type: 'module' });
    const told = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    worker.postMessage(url);
    return told.finally(() => worker.terminate());
  }, `${server.ws}/ticker`);
  assert.equal(told, 'heartbeat');
});

test('hints: the heartbeat after a hint has wakeTimeout', LIMIT, async (context) => {
  const server = await serverFor(context);
  const { page } = await pages.openPage();
  context.after(() => page.close());
  await page.evaluate(async (url) => {
    const { opened } = await import('/test/recording.js');
    const heartbeat = { interval: 0, timeout: 1e6, wakeTimeout: 50, message: 'ping', answer: 'pong' };
    globalThis.recording = await opened(url, { heartbeat });
  }, `${server.ws}/echo`);
  process.kill(server.pid, 'SIGSTOP');
  const close = await page.evaluate(() => {
    window.dispatchEvent(new Event('online'));
    return recording.first('close');
  });
  assert.equal(close.cause, 'heartbeat-timeout');
});

test('hints: a wall clock that went on alone is a sleep, seen with the next turn or timer', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const wallNow = Date.now;
    let slept = 0;
    Date.now = () => wallNow() + slept;
    const { Recording, opened } = await import('/test/recording.js');
    const heartbeat = { interval: 0, message: 'alive?', answer: 'alive?' };
    const recording = await opened(url, { heartbeat });
    // A message that is echoed has been a turn of its own.
    recording.client.send('before');
    await recording.messages(1);
    const asked = [recording.of('heartbeat').length];
    slept += 60_000;
    recording.client.send('after');
    await recording.nth('heartbeat', 1);
    await recording.messages(2);

    // The timer of one client is the loop's, which looks for all of them.
    const waiting = new Recording(null, { endpoint: () => new Promise(() => {}), connectTimeout: 100 });
    waiting.client.connect();
    await waiting.reached('connecting');
    asked.push(recording.of('heartbeat').length);
    slept += 60_000;
    await recording.nth('heartbeat', 2);
    waiting.client.dispose();
    return { asked, closes: recording.of('close'), messages: await recording.messages(2) };
  }, `${server.ws}/echo`);
  assert.deepEqual(result, { asked: [0, 1], closes: [], messages: ['before', 'after'] });
});

test('hints: without heartbeat.message, onWake decides', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const trusting = await opened(url);
    const careful = await opened(url, { heartbeat: { onWake: 'reconnect' } });
    document.dispatchEvent(new Event('resume'));
    await careful.nth('open', 2);
    return [trusting.of('close').length, careful.of('close').map(({ cause, willRetry }) => [cause, willRetry])];
  }, `${server.ws}/echo`);
  assert.deepEqual(result, [0, [['woke-up', true]]]);
});

test('hints: the page is listened to as long as there is a client, and once for all', LIMIT, async (context) => {
  const server = await serverFor(context);
  const counts = await pages.inPage(async (url) => {
    let listeners = 0;
    for (const target of [window, document]) {
      const { addEventListener, removeEventListener } = target;
      target.addEventListener = (...args) => (++listeners, addEventListener.apply(target, args));
      target.removeEventListener = (...args) => (--listeners, removeEventListener.apply(target, args));
    }
    const { opened } = await import('/test/recording.js');
    const counts = [listeners];
    const clients = [await opened(url), await opened(url)].map((recording) => recording.client);
    counts.push(listeners);
    for (const client of clients) {
      client.dispose();
      await new Promise((resolve) => setTimeout(resolve));
      counts.push(listeners);
    }
    await opened(url);
    return [...counts, listeners];
  }, `${server.ws}/echo`);
  assert.deepEqual(counts, [0, 6, 6, 0, 6]);
});

test('client: silence alone can be a reason to connect again', LIMIT, async (context) => {
  const { http } = await askedServer(context);
  const close = await pages.inPage(async (http) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(http, { heartbeat: { silence: 50 } });
    return recording.first('close');
  }, http);
  assert.deepEqual([close.cause, close.willRetry, close.neverOpened], ['heartbeat-timeout', true, false]);
});

test('client: messages of unknown fate are counted', LIMIT, async (context) => {
  const { server, http } = await askedServer(context);
  server.on('connection', (socket) => {
    let count = 0;
    socket.on('message', () => ++count === 2 && socket.terminate());
  });
  const result = await pages.inPage(async (http) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(http, { reconnect: { enabled: false } });
    recording.client.send('one');
    recording.client.send('two');
    const { cause, unconfirmedMessages } = await recording.first('close');
    const stats = recording.client.stats();
    return [cause, unconfirmedMessages, stats.unconfirmedMessages, stats.endings[cause]];
  }, http);
  assert.deepEqual(result, ['connection-lost', 2, 2, 1]);
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
