// The channels, publishes and requests of the JavaScript binding's sessions, in a browser, against the test server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { testServerFor } from '../support/test_server.mjs';
import { ENGINE, LIMIT, closedPort, usePages } from './support/fixture.mjs';

const pages = usePages();

// --- Channels ---

test('subscription: events come with their bodies, text as a string and bytes as a buffer', LIMIT, async (context) => {
  const server = await testServerFor(context, { clock: { at: 1_700_000_000_000 } });
  await server.publish('room', 'before');
  const { page, errors } = await pages.openPage();
  context.after(() => page.close());
  await page.evaluate(async (url) => {
    const { opened } = await import('/test/session_recording.js');
    window.recording = await opened(url);
    window.room = window.recording.subscribe('room', { replay: 1 });
    await window.room.first('subscribed');
  }, server.url);
  await Promise.all([
    server.publish('room', '{"price":170.57,"currency":"€"}'),
    server.publish('room', ''),
    server.publish('room', Uint8Array.of(0, 255, 0x1e), 'bytes'),
    server.publish('room', Buffer.from('[1,2]'), 'bytes'),
  ]);
  const told = await page.evaluate(async () => {
    const { subscription } = window.room;
    await window.room.seqs(5);
    const shown = window.room.of('event').map((event) => {
      const { data } = event;
      return { ...event, data: data instanceof ArrayBuffer ? [...new Uint8Array(data)] : data };
    });
    return { shown, position: subscription.position, age: subscription.age, channel: subscription.channel };
  });
  const event = (seq, data) => ({ type: 'event', channel: 'room', seq, time: 1_700_000_000_000, skipped: 0, data });
  assert.deepEqual(told.shown, [
    event(1, 'before'),
    event(2, '{"price":170.57,"currency":"€"}'),
    event(3, ''),
    event(4, [0, 255, 0x1e]),
    event(5, [91, 49, 44, 50, 93]),
  ]);
  assert.deepEqual(told.position, { epoch: (await server.channel('room')).epoch, seq: 5 });
  assert.ok(told.age >= 0 && told.age < 5000, `${told.age}`);
  assert.equal(told.channel, 'room');
  assert.deepEqual(errors, []);
});

test('subscription: each of two has bytes of its own, which it may change', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const { page, errors } = await pages.openPage();
  context.after(() => page.close());
  await page.evaluate(async (url) => {
    const { opened } = await import('/test/session_recording.js');
    window.recording = await opened(url);
    window.rooms = [1, 2].map(() => window.recording.subscribe('room'));
    for (const room of window.rooms) await room.first('subscribed');
  }, server.url);
  await server.publish('room', Uint8Array.of(1, 2), 'bytes');
  const told = await page.evaluate(async () => {
    const buffers = [];
    for (const room of window.rooms) {
      await room.seqs(1);
      buffers.push(room.of('event')[0].data);
    }
    new Uint8Array(buffers[0])[0] = 7;
    return buffers.map((buffer) => [...new Uint8Array(buffer)]);
  });
  assert.deepEqual(told, [[7, 2], [1, 2]]);
  assert.deepEqual(errors, []);
});

test('subscription: json() reads text and bytes, and returns undefined for other bodies', LIMIT, async (context) => {
  const server = await testServerFor(context);
  await server.publish('room', '{"price":1}');
  await server.publish('room', Buffer.from('[2]'), 'bytes');
  await server.publish('room', 'no json');
  const values = await pages.inPage(async (url) => {
    const { opened } = await import('/test/session_recording.js');
    const { session } = await opened(url);
    const values = [];
    await new Promise((resolve) => {
      const onEvent = (event) => values.push(event.json()) === 3 && resolve();
      session.subscribe('room', { replay: Infinity }, { onEvent });
    });
    return values.map((value) => value ?? 'undefined');
  }, server.url);
  assert.deepEqual(values, [{ price: 1 }, [2], 'undefined']);
});

test('subscription: events after a position are delivered again, or a gap reports the missing ones', LIMIT, async (context) => {
  const server = await testServerFor(context, { history: 3 });
  for (let i = 1; i <= 5; ++i) {
    await server.publish('room', String(i));
  }
  const { epoch } = await server.channel('room');
  const [seqs, gap, later] = await pages.inPage(
    async ([url, epoch]) => {
      const { opened } = await import('/test/session_recording.js');
      const recording = await opened(url);
      const kept = recording.subscribe('room', { since: { epoch, seq: 2 } });
      const seqs = await kept.seqs(3);
      kept.subscription.unsubscribe();
      const lost = recording.subscribe('room', { since: { epoch, seq: 1 } });
      await lost.first('subscribed');
      return [seqs, await lost.first('gap'), lost.subscription.position];
    },
    [server.url, epoch],
  );
  assert.deepEqual(seqs, [3, 4, 5]);
  assert.deepEqual(gap, { type: 'gap', channel: 'room', hasRange: true, from: 2, to: 5 });
  assert.deepEqual(later, { epoch, seq: 5 });
});

test('subscription: nothing comes after unsubscribe(), and its position stays', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const { page } = await pages.openPage();
  context.after(() => page.close());
  await page.evaluate(async (url) => {
    const { opened } = await import('/test/session_recording.js');
    window.recording = await opened(url);
    window.first = window.recording.subscribe('room');
    window.second = window.recording.subscribe('room');
    await window.second.first('subscribed');
  }, server.url);
  await server.publish('room', 'one');
  await page.evaluate(async () => {
    await window.second.seqs(1);
    window.first.subscription.unsubscribe();
    window.first.subscription.unsubscribe();
  });
  await server.publish('room', 'two');
  const told = await page.evaluate(async () => {
    const { subscription } = window.first;
    const seqs = await window.second.seqs(2);
    window.second.subscription.unsubscribe();
    return [seqs, window.first.of('event').length, subscription.isLive, subscription.age, subscription.position.seq];
  });
  assert.deepEqual(told, [[1, 2], 1, false, null, 1]);
  // The last subscription to a channel tells the server.
  await server.sent(({ op, channel }) => op === 'unsubscribe' && channel === 'room');
});

test('subscription: one that is refused ends with the reason', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const ends = await pages.inPage(async (url) => {
    const { SessionRecording } = await import('/test/session_recording.js');
    const recording = new SessionRecording(url);
    // Before the wasm has loaded, too.
    const subscriptions = [recording.subscribe('private/diary'), recording.subscribe('')];
    recording.session.connect();
    await recording.first('open');
    subscriptions.push(recording.subscribe('a\nb'));
    const ends = await Promise.all(subscriptions.map((each) => each.first('end')));
    return ends.map(({ channel, error }) => [channel, error instanceof Error, error.code, error.temporary]);
  }, server.url);
  assert.deepEqual(ends, [
    ['private/diary', true, 'forbidden', false],
    ['', true, 'unknown-channel', false],
    ['a\nb', true, 'unknown-channel', false],
  ]);
});

const noGc = ENGINE === 'chromium' ? false : 'only Chromium lets a page have its garbage collected';

test('subscription: it delivers events without a reference to it', { ...LIMIT, skip: noGc }, async (context) => {
  const server = await testServerFor(context);
  const { page } = await pages.openPage();
  context.after(() => page.close());
  await page.evaluate(async (url) => {
    const { opened } = await import('/test/session_recording.js');
    const { session } = await opened(url);
    await new Promise((resolve) => {
      window.told = new Promise((tell) => session.subscribe('room', {}, { onSubscribed: resolve, onEvent: tell }));
    });
    globalThis.gc();
  }, server.url);
  await server.publish('room', 'still here');
  assert.equal(await page.evaluate(async () => (await window.told).data), 'still here');
});

// --- Publishing ---

test('publish: calls before the wasm has loaded arrive once and in order', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const [results, acks] = await pages.inPage(async (url) => {
    const { SessionRecording } = await import('/test/session_recording.js');
    const { session } = new SessionRecording(url);
    const acks = [session.publish('room', 'one', { ack: true })];
    const results = [session.publish('room', 'two'), session.connect(), session.connect()];
    acks.push(session.publish('room', Uint8Array.of(3), { ack: true }));
    return [results, await Promise.all(acks)];
  }, server.url);
  assert.deepEqual(results, ['queued', 'started', 'already-started']);
  assert.deepEqual(acks, [
    { outcome: 'published', seq: 1, error: null },
    { outcome: 'published', seq: 3, error: null },
  ]);
  const { events } = await server.channel('room');
  assert.deepEqual(
    events.map(({ type, body }) => [type, ...body]),
    [['text', ...Buffer.from('one')], ['text', ...Buffer.from('two')], ['bytes', 3]],
  );
});

test('publish: texts and bytes arrive as they were', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const texts = ['', 'a\0b', 'Grüße, 世界, 🌊', 'with \x1e in it', 'x'.repeat(200_000)];
  await pages.inPage(
    async ([url, texts]) => {
      const { opened } = await import('/test/session_recording.js');
      const { session } = await opened(url);
      const words = new Uint16Array([0x0201, 0x0403]);
      texts.forEach((text) => session.publish('texts', text));
      session.publish('bytes', words);
      session.publish('bytes', words.buffer);
      session.publish('bytes', new DataView(words.buffer, 1, 2));
      words.fill(0);
      await session.request('echo');
    },
    [server.url, texts],
  );
  const bodies = async (channel) => (await server.channel(channel)).events.map(({ body }) => body);
  assert.deepEqual((await bodies('texts')).map(String), texts);
  assert.deepEqual(
    (await bodies('bytes')).map((body) => [...body]),
    [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [2, 3],
    ],
  );
});

test('publish: one that cannot be sent has a reason', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const told = await pages.inPage(async (url) => {
    const { opened, SessionRecording } = await import('/test/session_recording.js');
    const outbox = { maxBytes: 2000, maxCalls: 2 };
    const untold = ({ outcome, seq, error }) => [outcome, seq, error?.code, error?.temporary];
    const fill = async (session) => {
      const results = [session.publish('a', 'x'.repeat(2000)), session.publish('', 'x')];
      results.push(session.publish('a', '1'), session.publish('a', '2'), session.publish('a', '3'));
      return [...results, untold(await session.publish('a', '4', { ack: true }))];
    };
    const { ready } = await import('/dist/tidewire.js');
    const pending = new SessionRecording(url, { outbox });
    const early = await fill(pending.session);
    const errors = pending.of('error').map(({ code, temporary }) => [code, temporary]);
    await ready();
    const { session } = new SessionRecording(url, { outbox });
    const late = await fill(session);
    const recording = await opened(url);
    recording.session.close();
    const closed = [recording.session.publish('a'), untold(await recording.session.publish('a', '', { ack: true }))];
    return { early, errors, late, closed };
  }, server.url);
  const full = ['not-sent', null, 'queue-full', true];
  // Before the wasm has loaded every call is kept; the refused ones are reported as errors when they are made.
  assert.deepEqual(told.early, ['queued', 'queued', 'queued', 'queued', 'queued', full]);
  assert.deepEqual(told.errors, [['too-large', false], ['invalid-name', false], ['queue-full', true]]);
  assert.deepEqual(told.late, ['too-large', 'invalid-name', 'queued', 'queued', 'queue-full', full]);
  assert.deepEqual(told.closed, ['closed', ['not-sent', null, 'closed', false]]);
});

test('publish: a closed session reports unsent calls', LIMIT, async () => {
  const acks = await pages.inPage(async (url) => {
    const { SessionRecording } = await import('/test/session_recording.js');
    const recording = new SessionRecording(url);
    const { session } = recording;
    const closed = session.publish('a', 'x', { ack: true });
    session.connect();
    await recording.first('close');
    session.close();
    const other = new SessionRecording(url).session;
    const disposed = other.publish('a', 'x', { ack: true });
    other.dispose();
    return (await Promise.all([closed, disposed])).map(({ outcome, error }) => [outcome, error.code]);
  }, `ws://127.0.0.1:${await closedPort()}/`);
  assert.equal(acks[0].join(), 'not-sent,closed');
  assert.equal(acks[1][1], 'closed');
});

// --- Requests ---

test('request: the reply comes as text, as bytes and as JSON', LIMIT, async (context) => {
  const server = await testServerFor(context, {
    methods: { echo: (body) => body, nothing: replyWithoutBody },
  });
  // By hand: the server half has a body in each of its replies.
  async function replyWithoutBody() {
    const { id } = await server.sent(({ method }) => method === 'nothing');
    await (await server.opened(1)).send(JSON.stringify({ op: 'reply', id }));
    return new Promise(() => {});
  }
  const told = await pages.inPage(async (url) => {
    const { SessionRecording } = await import('/test/session_recording.js');
    const { session } = new SessionRecording(url);
    // Before the wasm has loaded, too.
    const early = session.request('echo', '{"symbol":"AAPL"}');
    session.connect();
    const text = await early;
    const bytes = await session.request('echo', Uint8Array.of(0, 255));
    const none = await session.request('nothing');
    return [
      [text.data, text.text, [...text.bytes].length, text.json()],
      [bytes.data instanceof ArrayBuffer, [...bytes.bytes], bytes.json() === undefined],
      [none.data, none.text, none.bytes.length],
    ];
  }, server.url);
  assert.deepEqual(told[0], ['{"symbol":"AAPL"}', '{"symbol":"AAPL"}', 17, { symbol: 'AAPL' }]);
  assert.deepEqual(told[1], [true, [0, 255], true]);
  assert.deepEqual(told[2], [null, '', 0]);
});

test('request: a failure rejects with a code', LIMIT, async (context) => {
  const server = await testServerFor(context, { methods: {} });
  const told = await pages.inPage(async (url) => {
    const { ending, opened } = await import('/test/session_recording.js');
    const { session } = await opened(url);
    const unknown = await ending(session.request('quot'));
    const unnamed = await ending(session.request(''));
    session.close();
    return [unknown, unnamed, await ending(session.request('quote'))];
  }, server.url);
  assert.deepEqual(
    told.map(({ name, code, temporary }) => [name, code, temporary]),
    [
      ['SessionError', 'unknown-method', false],
      ['SessionError', 'invalid-name', false],
      ['SessionError', 'closed', false],
    ],
  );
});

test('request: an AbortSignal ends it, and sends a cancel', LIMIT, async (context) => {
  const server = await testServerFor(context, {
    methods: { never: () => new Promise(() => {}) },
  });
  const told = await pages.inPage(async (url) => {
    const { ending, opened, SessionRecording } = await import('/test/session_recording.js');
    const gone = new DOMException('not wanted', 'AbortError');
    const early = new AbortController();
    const waiting = ending(new SessionRecording(url).session.request('never', '', { signal: early.signal }));
    early.abort(gone);
    const { session } = await opened(url);
    const late = new AbortController();
    const sent = ending(session.request('never', '', { signal: late.signal }));
    await session.publish('a', '', { ack: true });
    late.abort(gone);
    const tooLate = ending(session.request('never', '', { signal: late.signal }));
    return (await Promise.all([waiting, sent, tooLate])).map(({ name, message }) => `${name}: ${message}`);
  }, server.url);
  assert.deepEqual(told, Array(3).fill('AbortError: not wanted'));
  await server.sent(({ op }) => op === 'cancel');
});

test('request: one that gets no reply in time rejects', LIMIT, async (context) => {
  const server = await testServerFor(context, { methods: { never: () => new Promise(() => {}) } });
  const told = await pages.inPage(async (url) => {
    const { ending, SessionRecording } = await import('/test/session_recording.js');
    const { session } = new SessionRecording(url);
    const early = ending(session.request('never', '', { timeout: 50 }));
    session.connect();
    return [await early, await ending(session.request('never', '', { timeout: 0.5 }))];
  }, server.url);
  assert.deepEqual(
    told.map(({ code, temporary }) => [code, temporary]),
    [
      ['timeout', true],
      ['timeout', true],
    ],
  );
});

test('request: an idempotent one is resent after a lost connection, another one fails', LIMIT, async (context) => {
  const asked = [];
  const server = await testServerFor(context, {
    methods: {
      quote: (body) => {
        asked.push(String(body));
        return asked.length < 3 ? new Promise(() => {}) : body;
      },
    },
  });
  const told = await pages.inPage(async (url) => {
    const { ending, opened } = await import('/test/session_recording.js');
    const { session } = await opened(url);
    const once = ending(session.request('quote', 'once'));
    const again = ending(session.request('quote', 'again', { idempotent: true }));
    await session.publish('a', '', { ack: true });
    session.reconnect();
    const { code, temporary } = await once;
    return [code, temporary, (await again).value.text];
  }, server.url);
  assert.deepEqual(told, ['connection-lost', true, 'again']);
  assert.deepEqual(asked, ['once', 'again', 'again']);
});
