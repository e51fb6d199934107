// The JavaScript binding in a browser: what is sent comes back as it was.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { WebSocketServer } from 'ws';

import { LIMIT, serverFor, usePages } from './support/fixture.mjs';

const pages = usePages();

const TEXTS = {
  'a short text': 'hello',
  'an empty text': '',
  'a text with NUL in it': 'a\0b\0',
  'a text that begins with a byte order mark': '\ufeffmark',
  'a text beyond ASCII': 'Grüße, Κόσμε, 世界, 🌊',
  'a long text beyond ASCII': '🌊é'.repeat(40_000),
  'a text of 1 MiB': 'x'.repeat(1024 * 1024),
};

for (const [what, text] of Object.entries(TEXTS)) {
  test(`client: ${what} comes back as it was sent`, LIMIT, async (context) => {
    const server = await serverFor(context);
    const echo = await pages.inPage(
      async ([url, sent]) => {
        const { opened } = await import('/test/recording.js');
        const recording = await opened(url);
        return [recording.client.send(sent), ...(await recording.messages(1))];
      },
      [`${server.ws}/echo`, text],
    );
    assert.deepEqual(echo, ['queued', text]);
  });
}

test('client: a lone surrogate leaves as U+FFFD, as from a WebSocket', LIMIT, async (context) => {
  const server = await serverFor(context);
  const echo = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(url);
    recording.client.send('a\ud83cb');
    return recording.messages(1);
  }, `${server.ws}/echo`);
  assert.deepEqual(echo, ['a\ufffdb']);
});

test('client: buffers and views come back as the bytes they showed', LIMIT, async (context) => {
  const server = await serverFor(context);
  const echoes = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(url);
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i);
    recording.client.send(new ArrayBuffer(0));
    recording.client.send(bytes.buffer);
    recording.client.send(bytes.subarray(7, 8));
    recording.client.send(new DataView(bytes.buffer, 250, 4));
    recording.client.send(new Uint16Array([0x0201, 0x0403]));
    const received = await recording.messages(5);
    return received.map((data) => [data instanceof ArrayBuffer, ...new Uint8Array(data)]);
  }, `${server.ws}/echo`);
  assert.deepEqual(echoes, [
    [true],
    [true, ...Array.from({ length: 300 }, (_, i) => i % 256)],
    [true, 7],
    [true, 250, 251, 252, 253],
    [true, 1, 2, 3, 4],
  ]);
});

test('client: a binary message of 1 MiB comes back whole', LIMIT, async (context) => {
  const server = await serverFor(context);
  const differing = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(url);
    const sent = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => (i * 31) ^ (i >> 8));
    recording.client.send(sent);
    const received = new Uint8Array((await recording.messages(1))[0]);
    return received.length === sent.length ? received.findIndex((byte, i) => byte !== sent[i]) : 'another length';
  }, `${server.ws}/echo`);
  assert.equal(differing, -1);
});

test('client: a buffer may be used again as soon as it was sent', LIMIT, async (context) => {
  const server = await serverFor(context);
  const echoes = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url);
    const buffer = new Uint8Array(1);
    recording.client.connect();
    for (let i = 0; i < 3; ++i) {
      buffer[0] = i;
      recording.client.send(buffer);
    }
    return (await recording.messages(3)).map((data) => new Uint8Array(data)[0]);
  }, `${server.ws}/echo`);
  assert.deepEqual(echoes, [0, 1, 2]);
});

test('client: text and binary messages keep their order', LIMIT, async (context) => {
  const server = await serverFor(context);
  const order = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(url);
    for (let i = 0; i < 500; ++i) {
      recording.client.send(i % 3 === 0 ? new Uint16Array([i]) : String(i));
    }
    const received = await recording.messages(500);
    return received.map((data) => (typeof data === 'string' ? Number(data) : new Uint16Array(data)[0]));
  }, `${server.ws}/echo`);
  assert.deepEqual(
    order,
    Array.from({ length: 500 }, (_, i) => i),
  );
});

test('client: messages sent before the wasm has loaded arrive in order', LIMIT, async (context) => {
  const server = await serverFor(context);
  const echoes = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url);
    const results = [recording.client.send('before connect'), recording.client.connect()];
    results.push(recording.client.send('after connect'), recording.client.connect());
    return [...results, ...(await recording.messages(2))];
  }, `${server.ws}/echo`);
  assert.deepEqual(echoes, ['queued', 'started', 'queued', 'already-started', 'before connect', 'after connect']);
});

test('client: far more than the browser takes ahead leaves in order, also to a silent peer', LIMIT, async (context) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  context.after(() => server.close());
  const received = new Promise((resolve) => {
    const numbers = [];
    server.on('connection', (socket) => {
      socket.on('message', (data) => numbers.push(data.readUInt32BE(0)) === 256 && resolve(numbers));
    });
  });
  await once(server, 'listening');
  const { page } = await pages.openPage();
  context.after(() => page.close());
  const results = await page.evaluate(async (url) => {
    const { opened } = await import('/test/recording.js');
    const { client } = await opened(url, { sendQueue: { maxBytes: 32 * 1024 * 1024 } });
    const message = new DataView(new ArrayBuffer(64 * 1024));
    const results = new Set();
    for (let i = 0; i < 256; ++i) {
      message.setUint32(0, i);
      results.add(client.send(message));
    }
    return [...results];
  }, `ws://127.0.0.1:${server.address().port}/`);
  assert.deepEqual(results, ['queued']);
  assert.deepEqual(
    await received,
    Array.from({ length: 256 }, (_, i) => i),
  );
});

test('client: the send queue refuses messages that exceed its limits', LIMIT, async (context) => {
  const server = await serverFor(context);
  const results = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const { ready } = await import('/dist/tidewire.js');
    await ready();
    const { client } = new Recording(url, { sendQueue: { maxBytes: 6, maxMessages: 3 } });
    // Eight, six and one bytes of UTF-8.
    const sizes = ['世世é', '世世', 'a'].map((text) => client.send(text));
    const { client: other } = new Recording(url, { sendQueue: { maxBytes: 6, maxMessages: 3 } });
    return [sizes, [0, 1, 2, 3].map(() => other.send(''))];
  }, `${server.ws}/echo`);
  assert.deepEqual(results, [
    ['too-large', 'queued', 'queue-full'],
    ['queued', 'queued', 'queued', 'queue-full'],
  ]);
});

test('client: before the wasm has loaded every message is kept, and those over the limits are dropped then', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url, { sendQueue: { maxBytes: 6, maxMessages: 3 } });
    const { client } = recording;
    const dropped = new Promise((resolve) => {
      client.addEventListener('dropped', ({ reason, messages, bytes }) => resolve({ reason, messages, bytes }));
    });
    const results = ['世世é', '世世', 'a'].map((text) => client.send(text));
    const before = client.stats().queuedBytes;
    client.connect();
    const drop = await dropped;
    const received = await recording.messages(1);
    return { results, before, drop, received, counted: client.stats().droppedMessages };
  }, `${server.ws}/echo`);
  assert.deepEqual(result, {
    results: ['queued', 'queued', 'queued'],
    before: 15,
    drop: { reason: 'refused', messages: 2, bytes: 9 },
    received: ['世世'],
    counted: 2,
  });
});

test('client: messages sent inside open leave before queued ones', LIMIT, async (context) => {
  const server = await serverFor(context);
  const order = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url);
    recording.client.addEventListener('open', () => recording.client.send('login'));
    recording.client.send('waited');
    recording.client.connect();
    return recording.messages(2);
  }, `${server.ws}/echo`);
  assert.deepEqual(order, ['login', 'waited']);
});

test('client: a message that is not to wait is refused while not open', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const { ready } = await import('/dist/tidewire.js');
    const refusing = new Recording(url, { sendQueue: { whenNotOpen: 'refuse' } });
    const queueing = new Recording(url);
    const answers = () => [
      refusing.client.send('refused'),
      refusing.client.send('queued', { whenNotOpen: 'queue' }),
      queueing.client.send('refused', { whenNotOpen: 'refuse' }),
      queueing.client.send('queued', {}),
    ];
    const before = answers();
    await ready();
    const after = answers();
    refusing.client.connect();
    await refusing.first('open');
    return { before, after, open: refusing.client.send('open'), messages: await refusing.messages(3) };
  }, `${server.ws}/echo`);
  const expected = ['not-open', 'queued', 'not-open', 'queued'];
  assert.deepEqual(result, {
    before: expected,
    after: expected,
    open: 'queued',
    messages: ['queued', 'queued', 'open'],
  });
});

test('dropped: newer messages take the place of older ones, before and after loading', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const { ready } = await import('/dist/tidewire.js');
    const rounds = [];
    const displace = async () => {
      const recording = new Recording(url, { sendQueue: { maxMessages: 3, maxBytes: 8, whenFull: 'drop-oldest' } });
      const { client } = recording;
      const dropped = [];
      client.addEventListener('dropped', ({ reason, messages, bytes }) => dropped.push({ reason, messages, bytes }));
      const answers = ['1', '22', '333', '4', '55555'].map((text) => client.send(text));
      const during = dropped.length;
      while (dropped.length === 0) {
        await new Promise((resolve) => setTimeout(resolve));
      }
      const { queuedMessages, queuedBytes, droppedMessages, droppedBytes } = client.stats();
      client.connect();
      const messages = await recording.messages(2);
      const { droppedMessages: later } = client.stats();
      client.send('');
      await recording.messages(3);
      const counts = [queuedMessages, queuedBytes, droppedMessages, droppedBytes, later];
      rounds.push({ answers, during, dropped, counts, messages });
    };
    await displace();
    await ready();
    await displace();
    return rounds;
  }, `${server.ws}/echo`);
  const expected = {
    answers: ['queued', 'queued', 'queued', 'queued', 'queued'],
    during: 0,
    dropped: [{ reason: 'displaced', messages: 3, bytes: 6 }],
    counts: [2, 6, 3, 6, 3],
    messages: ['4', '55555'],
  };
  assert.deepEqual(result, [expected, expected]);
});

test('dropped: messages older than maxAge are not sent, whether they waited for the wasm or not', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const { ready } = await import('/dist/tidewire.js');
    const results = [];
    const expire = async (maxAge, wait) => {
      const recording = new Recording(url, { sendQueue: { maxAge } });
      const { client } = recording;
      const sentAt = performance.now();
      const dropped = new Promise((resolve) => {
        client.addEventListener('dropped', ({ reason, messages, bytes }) => {
          const inTime = performance.now() - sentAt >= maxAge;
          resolve({ reason, messages, bytes, inTime });
        });
      });
      client.send('old');
      client.send('older than that');
      wait(client, sentAt);
      results.push(await dropped);
      client.connect();
      await recording.first('open');
      client.send('new');
      results.push([...(await recording.messages(1)), client.stats().droppedMessages]);
    };
    // Nothing loads while this thread is busy. What is too old then would be sent at once.
    await expire(700, (client, since) => {
      while (performance.now() - since < 710);
      client.connect();
    });
    await ready();
    await expire(40, () => {});
    return results;
  }, `${server.ws}/echo`);
  const dropped = { reason: 'expired', messages: 2, bytes: 18, inTime: true };
  assert.deepEqual(result, [dropped, ['new', 2], dropped, ['new', 2]]);
});

test('dropped: a closing client reports unsent messages before its close event', LIMIT, async () => {
  const result = await pages.inPage(async () => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(null, { endpoint: () => new Promise(() => {}) });
    const { client } = recording;
    const order = [];
    for (const type of ['dropped', 'close']) {
      client.addEventListener(type, () => order.push(type));
    }
    const dropped = new Promise((resolve) => {
      client.addEventListener('dropped', ({ reason, messages, bytes }) => resolve([reason, messages, bytes]));
    });
    client.connect();
    await recording.first('statechange');
    client.send('é');
    client.send(new Uint8Array(3));
    client.close();
    const { droppedMessages } = await recording.first('close');
    const stats = client.stats();
    return { order, dropped: await dropped, droppedMessages, stats: [stats.droppedMessages, stats.droppedBytes] };
  });
  assert.deepEqual(result, {
    order: ['dropped', 'close'],
    dropped: ['closed', 2, 5],
    droppedMessages: 2,
    stats: [2, 5],
  });
});

test('drain: it fires once each time the sent messages have left', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const size = 2 * 1024 * 1024;
    const results = [];
    for (const lowWaterBytes of [0, 1024 * 1024]) {
      const recording = new Recording(url, { sendQueue: { lowWaterBytes } });
      const { client } = recording;
      const drains = [];
      let told = () => {};
      client.addEventListener('drain', (event) => {
        drains.push(event.bufferedAmount <= lowWaterBytes);
        told();
      });
      client.connect();
      await recording.first('open');
      for (let i = 1; i <= 2; ++i) {
        const drained = new Promise((resolve) => (told = resolve));
        const message = new Uint8Array(size / 8);
        for (let part = 0; part < 8; ++part) {
          client.send(message);
        }
        results.push(client.bufferedAmount === size, drains.length);
        await drained;
        await recording.messages(8 * i);
      }
      results.push(...drains, client.bufferedAmount);
    }
    return results;
  }, `${server.ws}/echo`);
  const expected = [true, 0, true, 1, true, true, 0];
  assert.deepEqual(result, [...expected, ...expected]);
});

test('pause: messages are held back, and delivered in order after resume', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(url);
    const other = await opened(url);
    const { client } = recording;
    // The other's round trips give what should not come all the time it needs.
    const roundTrips = async (count) => {
      const before = other.of('message').length;
      for (let i = 1; i <= count; ++i) {
        other.client.send('');
        await other.nth('message', before + i);
      }
    };
    const answers = [client.pause(), client.pause()];
    const texts = Array.from({ length: 50 }, (_, i) => String(i));
    texts.forEach((text) => client.send(text));
    while (client.stats().deliveryEvents < 50) {
      await roundTrips(1);
    }
    await roundTrips(5);
    const held = [recording.of('message').length, client.state, client.stats().deliveryBytes > 0];
    client.reconnect();
    while (client.stats().opens < 2) {
      await roundTrips(1);
    }
    client.send('from the next connection');
    await roundTrips(5);
    held.push(recording.of('message').length, recording.of('close').length);
    answers.push(client.resume());
    const messages = await recording.messages(51);
    const inOrder = messages.join() === [...texts, 'from the next connection'].join();
    const types = recording.events.slice(-6).map((event) => event.type);
    return { answers, held, inOrder, types, left: client.stats().deliveryEvents };
  }, `${server.ws}/echo`);
  assert.deepEqual(result, {
    answers: ['accepted', 'accepted', 'accepted'],
    held: [0, 'open', true, 0, 0],
    inOrder: true,
    types: ['statechange', 'close', 'statechange', 'statechange', 'open', 'message'],
    left: 0,
  });
});

test('pause: messages beyond deliveryQueueBytes end the connection', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const { client, ...rest } = await opened(url, { deliveryQueueBytes: 1000, reconnect: { enabled: false } });
    const recording = { client, ...rest };
    const closed = new Promise((resolve) => client.addEventListener('close', resolve));
    client.pause();
    client.send('x'.repeat(2000));
    while (client.state !== 'closed') {
      await new Promise((resolve) => setTimeout(resolve));
    }
    const held = recording.events.length;
    client.resume();
    const { cause } = await closed;
    return [held, cause, recording.events.at(-3).data.length, client.stats().endings[cause]];
  }, `${server.ws}/echo`);
  assert.deepEqual(result, [3, 'slow-consumer', 2000, 1]);
});

test('pause: a pause before the wasm has loaded holds too', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url);
    const { client } = recording;
    const answers = [client.pause(), client.connect(), client.send('held'), client.bufferedAmount];
    while (client.stats().deliveryEvents === 0) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    const held = recording.of('message').length;
    client.resume();
    return [...answers, held, ...(await recording.messages(1))];
  }, `${server.ws}/echo`);
  assert.deepEqual(result, ['accepted', 'started', 'queued', 4, 0, 'held']);
});

test('client: a text is measured in UTF-8 against maxMessageBytes', LIMIT, async (context) => {
  const server = await serverFor(context);
  const events = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const recording = await opened(url, { maxMessageBytes: 9, reconnect: { enabled: false } });
    recording.client.send('世世世');
    recording.client.send('世世世a');
    await recording.first('close');
    return recording.events.slice(-3);
  }, `${server.ws}/echo`);
  assert.equal(events[0].data, '世世世');
  assert.deepEqual([events[1].from, events[1].to], ['open', 'closed']);
  assert.deepEqual([events[2].cause, events[2].code, events[2].wasOpen], ['message-too-big', 4009, true]);
});

// tidewire/nowasm has no memory to look into.
const WITH_WASM = { ...LIMIT, skip: process.env.TIDEWIRE_TEST_NOWASM !== undefined };

test('client: a received payload is never copied into the wasm', WITH_WASM, async (context) => {
  const server = await serverFor(context);
  const found = await pages.inPage(async (url) => {
    let memory = null;
    const { instantiateStreaming } = WebAssembly;
    WebAssembly.instantiateStreaming = async (...args) => {
      const result = await instantiateStreaming.apply(WebAssembly, args);
      memory = result.instance.exports.memory;
      return result;
    };
    const holds = (text) => new TextDecoder('latin1').decode(memory.buffer).includes(text);
    const { opened } = await import('/test/recording.js');
    const recording = await opened(`${url}?in-the-options`, { heartbeat: { message: 'ping?', answer: 'pong!' } });
    const marks = ['text-', 'bytes-'].map((kind) => kind + Math.random());
    // While a probe is out, each text could be its answer.
    recording.client.heartbeat();
    recording.client.send(marks[0].repeat(10));
    recording.client.send(new TextEncoder().encode(marks[1].repeat(10)));
    const received = [];
    recording.client.addEventListener('message', () => received.push(marks.map(holds)));
    await recording.messages(3);
    return [holds('in-the-options'), ...received];
  }, `${server.ws}/echo`);
  assert.deepEqual(found, [true, [false, false], [false, false], [false, false]]);
});
