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

test('client: what is sent before the wasm has loaded arrives in order', LIMIT, async (context) => {
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

test('client: the send queue refuses what exceeds its limits, before and after loading', LIMIT, async (context) => {
  const server = await serverFor(context);
  const results = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const { ready } = await import('/dist/tidewire.js');
    const answers = () => {
      const { client } = new Recording(url, { sendQueue: { maxBytes: 6, maxMessages: 3 } });
      // Eight, six and one bytes of UTF-8.
      const sizes = ['世世é', '世世', 'a'].map((text) => client.send(text));
      const { client: other } = new Recording(url, { sendQueue: { maxBytes: 6, maxMessages: 3 } });
      return [sizes, [0, 1, 2, 3].map(() => other.send(''))];
    };
    const before = answers();
    await ready();
    return [before, answers()];
  }, `${server.ws}/echo`);
  const expected = [
    ['too-large', 'queued', 'queue-full'],
    ['queued', 'queued', 'queued', 'queue-full'],
  ];
  assert.deepEqual(results, [expected, expected]);
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

test('client: a received payload is never copied into the wasm', LIMIT, async (context) => {
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
    // While a question is out, each text could be its answer.
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
