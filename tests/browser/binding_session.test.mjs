// The JavaScript binding's sessions in a browser, against the test server: connections, tokens, and what calls promise.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { testServerFor } from '../support/test_server.mjs';
import { LIMIT, closedPort, usePages } from './support/fixture.mjs';

const pages = usePages();

/** A page with a session that is open, and what the server has of it. */
async function openedFor(context, server, options = {}) {
  const { page, errors } = await pages.openPage();
  context.after(() => page.close());
  await page.evaluate(
    async ([url, options]) => {
      const { opened } = await import('/test/session_recording.js');
      window.recording = await opened(url, options);
    },
    [server.url, options],
  );
  const [connection] = await server.connections();
  return { page, errors, connection };
}

// --- Connection ---

test('session: it opens, reports its states, and closes', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const [types, open, close, stats] = await pages.inPage(async (url) => {
    const { opened } = await import('/test/session_recording.js');
    const recording = await opened(url);
    const { session } = recording;
    session.close(4321, 'enough');
    await recording.reached('closed');
    await recording.first('close');
    const types = recording.events.map(({ type, to }) => (to ? `${type} ${to}` : type));
    return [types, await recording.first('open'), await recording.first('close'), session.stats()];
  }, server.url);
  assert.deepEqual(types, [
    'statechange connecting',
    'statechange open',
    'open',
    'statechange closing',
    'statechange closed',
    'close',
  ]);
  const { subprotocol, attempt, reconnects, resumed } = open;
  assert.deepEqual([subprotocol, attempt, reconnects, resumed], ['tidewire.v1', 1, 0, false]);
  assert.ok(open.handshakeTime > 0);
  assert.deepEqual([close.cause, close.code, close.reason, close.wasOpen], ['closed-by-user', 4321, 'enough', true]);
  assert.deepEqual([stats.attempts, stats.opens, stats.reconnects], [1, 1, 0]);
});

test('session: a reconnect resumes it, and the server knows it again', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const [open, close] = await pages.inPage(async (url) => {
    const { opened } = await import('/test/session_recording.js');
    const recording = await opened(url);
    const { outcome } = await recording.session.publish('a', 'kept in mind', { ack: true });
    if (outcome !== 'published' || recording.session.reconnect() !== 'started') {
      throw new Error('no');
    }
    return [await recording.nth('open', 2), await recording.first('close')];
  }, server.url);
  assert.deepEqual([open.resumed, open.reconnects, open.attempt], [true, 1, 2]);
  assert.equal(close.cause, 'reconnect-requested');
});

const binary = (text) => Buffer.from([text.length, ...Buffer.from(text, 'latin1')]);
for (const [what, payload] of Object.entries({
  'what is no head': 'hello',
  'a broken framing': '{"op":"pong","t":1,"now":1}\x1e',
  'a second welcome': '{"op":"welcome","v":1,"resumed":false,"now":1}',
  'text that is not UTF-8': binary('{"op":"event","channel":"c","seq":1}\n\xff'),
})) {
  test(`session: ${what} ends the connection with 4000, and another follows`, LIMIT, async (context) => {
    const server = await testServerFor(context);
    const { page, errors, connection } = await openedFor(context, server);
    await connection.send(payload);
    assert.equal(await connection.closed, 4000);
    const [close, open] = await page.evaluate(async () => {
      return [await window.recording.first('close'), await window.recording.nth('open', 2)];
    });
    assert.deepEqual([close.cause, close.code, close.willRetry], ['protocol-error', 4000, true]);
    assert.ok(close.detail.length > 0);
    assert.equal(open.reconnects, 1);
    assert.deepEqual(errors, []);
  });
}

test('session: goaway is followed with 1000, to a place that is allowed', LIMIT, async (context) => {
  const [server, other] = [await testServerFor(context), await testServerFor(context)];
  const { page, connection } = await openedFor(context, server, { allowedHosts: [new URL(other.url).host] });
  await server.goAway({ after: 0, spread: 0, url: other.url });
  assert.equal(await connection.closed, 1000);
  const [close, open] = await page.evaluate(async () => {
    return [await window.recording.first('close'), await window.recording.nth('open', 2)];
  });
  assert.deepEqual([close.cause, close.willRetry, open.reconnects], ['reconnect-requested', true, 1]);
  assert.deepEqual([(await server.connections()).length, (await other.connections()).length], [0, 1]);
});

test('session: goaway leads to no place that is not allowed, nor to another port of the host', LIMIT, async (context) => {
  const [server, other] = [await testServerFor(context), await testServerFor(context)];
  const { page, connection } = await openedFor(context, server, { allowedHosts: ['127.0.0.1'] });
  await server.goAway({ url: other.url });
  assert.equal(await connection.closed, 1000);
  await page.evaluate(() => window.recording.nth('open', 2).then(() => undefined));
  assert.deepEqual([(await server.connections()).length, (await other.connections()).length], [1, 0]);
});

test("session: a heartbeat is answered, and gives the server's time", LIMIT, async (context) => {
  const server = await testServerFor(context, { clock: { ahead: 3_600_000 } });
  const [before, result, { roundTrip }, ahead] = await pages.inPage(async (url) => {
    const { SessionRecording } = await import('/test/session_recording.js');
    const recording = new SessionRecording(url);
    const before = [recording.session.serverTime, recording.session.heartbeat()];
    recording.session.connect();
    await recording.first('open');
    const result = recording.session.heartbeat();
    const heartbeat = await recording.first('heartbeat');
    return [before, result, heartbeat, recording.session.serverTime - Date.now()];
  }, server.url);
  assert.deepEqual(before, [null, 'not-open']);
  assert.equal(result, 'sent');
  assert.ok(roundTrip > 0);
  assert.ok(Math.abs(ahead - 3_600_000) < 5000, `${ahead}`);
});

test('session: a lost server is found again, and events that were missed follow', LIMIT, async (context) => {
  const first = await testServerFor(context);
  const port = new URL(first.url).port;
  const { page } = await pages.openPage();
  context.after(() => page.close());
  await page.evaluate(async (url) => {
    const { opened } = await import('/test/session_recording.js');
    window.recording = await opened(url, { reconnect: { firstDelay: 20, maxDelay: 50 } });
    window.room = window.recording.subscribe('room');
    await window.room.first('subscribed');
  }, first.url);
  await first.publish('room', 'one');
  await page.evaluate(() => window.room.seqs(1));
  await first.stop();
  const close = await page.evaluate(() => window.recording.first('close'));
  assert.equal(close.code, 1001);
  assert.equal(await page.evaluate(() => window.room.subscription.isLive), false);
  // Another process would have another epoch: a gap without a range.
  const second = await testServerFor(context, { port: Number(port) });
  const [live, gap, position] = await page.evaluate(async () => {
    await window.room.nth('subscribed', 2);
    return [window.room.subscription.isLive, await window.room.first('gap'), window.room.subscription.position];
  });
  assert.equal(live, true);
  assert.deepEqual([gap.channel, gap.hasRange], ['room', false]);
  assert.deepEqual(position, { epoch: (await second.channel('room')).epoch, seq: 0 });
});

// --- Tokens ---

const users = { tokens: { 'tok-2': 'alice', 'tok-3': 'alice' }, expired: ['tok-1'] };

test('token: a string goes with every hello', LIMIT, async (context) => {
  const server = await testServerFor(context, users);
  const [attempts, code, errors] = await pages.inPage(async (url) => {
    const { opened, SessionRecording } = await import('/test/session_recording.js');
    const recording = await opened(url, { token: 'tok-2' });
    recording.session.reconnect();
    const { attempt } = await recording.nth('open', 2);
    const stranger = new SessionRecording(url, { token: 'tok-9' });
    stranger.session.connect();
    const { code } = await stranger.first('close');
    return [attempt, code, stranger.of('error')];
  }, server.url);
  assert.deepEqual([attempts, code], [2, 4002]);
  assert.deepEqual(errors, [{ type: 'error', code: 'unauthorized', message: '', temporary: false }]);
});

test('token: a function is called before each attempt, and again after a refusal', LIMIT, async (context) => {
  const server = await testServerFor(context, users);
  const asked = await pages.inPage(async (url) => {
    const { SessionRecording } = await import('/test/session_recording.js');
    const asked = [];
    const token = async ({ attempt, lastClose, refusal }) => {
      asked.push([attempt, lastClose?.code ?? null, refusal?.code ?? null]);
      return attempt === 3 ? { token: 'tok-3', url } : `tok-${attempt}`;
    };
    const recording = new SessionRecording(url, { token, reconnect: { firstDelay: 1, maxDelay: 1 } });
    recording.session.connect();
    await recording.first('open');
    recording.session.reconnect();
    await recording.nth('open', 2);
    return asked;
  }, server.url);
  assert.deepEqual(asked, [
    [1, null, null],
    [2, 4002, 'token-expired'],
    [3, 1006, null],
  ]);
});

test('token: a function that throws ends the attempt with its error', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const closes = await pages.inPage(async (url) => {
    const { SessionRecording } = await import('/test/session_recording.js');
    const answers = [
      () => {
        throw new Error('signed out');
      },
      () => undefined,
      () => ({ token: 'x', url: 'ftp://nowhere' }),
    ];
    return Promise.all(
      answers.map(async (token) => {
        const recording = new SessionRecording(url, { token, reconnect: { enabled: false } });
        recording.session.connect();
        const { cause, detail } = await recording.first('close');
        return [cause, detail];
      }),
    );
  }, server.url);
  assert.deepEqual(
    closes.map(([cause]) => cause),
    Array(3).fill('endpoint-failed'),
  );
  assert.match(closes[0][1], /signed out/);
  assert.match(closes[1][1], /options\.token/);
  assert.match(closes[2][1], /url/);
});

test('token: authenticate() gives a fresh one, and a refused one is an error', LIMIT, async (context) => {
  const server = await testServerFor(context, users);
  const [result, error, state] = await pages.inPage(async (url) => {
    const { SessionRecording } = await import('/test/session_recording.js');
    const recording = new SessionRecording(url);
    // Before the wasm has loaded, too.
    const result = recording.session.authenticate('tok-2');
    recording.session.connect();
    await recording.first('open');
    recording.session.authenticate('tok-1');
    return [result, await recording.first('error'), recording.session.state];
  }, server.url);
  assert.equal(result, 'queued');
  assert.deepEqual([error.code, error.temporary, state], ['token-expired', false, 'open']);
});

// --- What calls promise ---

test('session: wrong use throws or rejects with a TypeError that names the fault', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const messages = await pages.inPage(async (url) => {
    const { Session } = await import('/dist/tidewire.js');
    const session = new Session(url);
    const wrong = [
      () => new Session(),
      () => new Session(url, { subprotocols: ['x'] }),
      () => new Session(url, { token: 7 }),
      () => new Session(url, { outbox: { maxCalls: -1 } }),
      () => new Session(url, { allowedHosts: 'a.example' }),
      () => session.subscribe(7),
      () => session.subscribe('a', { conflate: 1 }),
      () => session.subscribe('a', { since: { seq: 7 } }),
      () => session.subscribe('a', {}, { onMessage() {} }),
      () => session.publish(7),
      () => session.publish('a', 7),
      () => session.publish('a', 7, { ack: true }),
      () => session.publish('a', '', { quickly: true }),
      () => session.request(7),
      () => session.request('a', '', { timeout: -1 }),
      () => session.request('a', '', { signal: 'now' }),
      () => session.authenticate(),
      () => session.close('now'),
    ];
    const messages = [];
    for (const use of wrong) {
      try {
        await use();
        messages.push('nothing');
      } catch (error) {
        messages.push(error instanceof TypeError ? error.message : `another error: ${error}`);
      }
    }
    return messages;
  }, server.url);
  const names = [
    'url',
    'options.subprotocols',
    'options.token',
    'options.outbox.maxCalls',
    'options.allowedHosts',
    'channel',
    'options.conflate',
    'options.since',
    'handlers.onMessage',
    'channel',
    'body',
    'body',
    'options.quickly',
    'method',
    'timeout:',
    'options.signal',
    'token',
    'code',
  ];
  assert.deepEqual(
    messages.map((message) => message.split(' ')[0]),
    names,
  );
});

test('session: no event comes inside a call', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const inside = await pages.inPage(async (url) => {
    const { opened } = await import('/test/session_recording.js');
    const recording = await opened(url);
    const { session } = recording;
    const room = recording.subscribe('room');
    await room.first('subscribed');
    const inside = [];
    const watch = (call) => {
      const before = recording.events.length + room.events.length;
      call();
      inside.push(recording.events.length + room.events.length - before);
    };
    watch(() => session.publish('room', 'x'));
    watch(() => session.heartbeat());
    await room.first('event');
    watch(() => session.reconnect());
    await recording.nth('open', 2);
    watch(() => room.subscription.unsubscribe());
    watch(() => session.close());
    watch(() => session.dispose());
    return inside;
  }, server.url);
  assert.deepEqual(inside, [0, 0, 0, 0, 0, 0]);
});

test('session: it may be disposed in any of its listeners', LIMIT, async (context) => {
  const server = await testServerFor(context, { tokens: { '': 'me' } });
  await server.publish('room', 'x');
  const done = await pages.inPage(async (url) => {
    const { opened } = await import('/test/session_recording.js');
    const done = [];
    for (const type of ['event', 'subscribed', 'gap', 'end', 'ack', 'reply', 'error', 'heartbeat']) {
      const { session } = await opened(url);
      await new Promise((resolve) => {
        const end = () => {
          session.dispose();
          resolve();
        };
        const since = type === 'gap' ? { epoch: 'another', seq: 1 } : undefined;
        const room = session.subscribe(type === 'end' ? 'private/x' : 'room', { replay: 1, since });
        room.addEventListener(type, end);
        session.addEventListener(type, end);
        session.publish('room', 'y', { ack: true }).then(() => type === 'ack' && end());
        session.request('echo', '').then(() => type === 'reply' && end(), () => {});
        session.heartbeat();
        if (type === 'error') {
          session.authenticate('x');
        }
      });
      done.push(`${type} ${session.state}`);
    }
    return done;
  }, server.url);
  assert.equal(done.length, 8);
  assert.ok(done.every((each) => / closed$/.test(each)), done.join());
});

test('session: after dispose() its calls throw, its promises end, and its subscriptions are quiet', LIMIT, async (context) => {
  const server = await testServerFor(context, { methods: { never: () => new Promise(() => {}) } });
  const told = await pages.inPage(async (url) => {
    const { ending, opened } = await import('/test/session_recording.js');
    const recording = await opened(url);
    const { session } = recording;
    const room = recording.subscribe('room');
    await room.first('subscribed');
    const reply = ending(session.request('never'));
    session.dispose();
    session.dispose();
    room.subscription.unsubscribe();
    const calls = ['connect', 'close', 'subscribe', 'publish', 'stats'];
    const threw = calls.filter((name) => {
      try {
        session[name]('x');
      } catch (error) {
        return error instanceof TypeError;
      }
    });
    const { isLive, age, position } = room.subscription;
    return [(await reply).code, threw.length, session.state, session.serverTime, isLive, age, position.seq];
  }, server.url);
  assert.deepEqual(told, ['closed', 5, 'closed', null, false, null, 0]);
});

test('session: without the wasm it closes, and its calls end', LIMIT, async () => {
  const told = await pages.inPage(async (url) => {
    const { ending, SessionRecording } = await import('/test/session_recording.js');
    const { ready } = await import('/dist/tidewire.js');
    const broken = ending(ready({ wasmUrl: '/dist/nothing.wasm' }));
    const recording = new SessionRecording(url);
    const { session } = recording;
    const room = recording.subscribe('room');
    const ack = session.publish('room', 'x', { ack: true });
    const reply = ending(session.request('x'));
    session.connect();
    const { cause } = await recording.first('close');
    await broken;
    // The next attempt loads it, and the subscription is still there.
    session.connect();
    await recording.nth('close', 2);
    return [cause, (await ack).outcome, (await reply).code, session.state, room.events.length];
  }, `ws://127.0.0.1:${await closedPort()}/`);
  assert.deepEqual(told, ['unavailable', 'not-sent', 'closed', 'waiting', 0]);
});
