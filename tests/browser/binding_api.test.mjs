// The JavaScript binding in a browser: what its calls promise, whatever the network does.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LIMIT, serverFor, usePages } from './support/fixture.mjs';

const pages = usePages();

test('client: no event comes inside a call', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const { ready } = await import('/dist/tidewire.js');
    await ready();
    const inside = [];
    let calls = 0;
    const recording = new Recording(url, { heartbeat: { message: 'ping', answer: 'pong' } });
    // Each call of the client is watched: whatever is recorded before it returns came inside it.
    const watched = new Proxy(recording.client, {
      get: (client, name) => (...args) => {
        const before = recording.events.length;
        client[name](...args);
        ++calls;
        inside.push(...recording.events.slice(before).map((event) => `${event.type} in ${name}`));
      },
    });
    watched.connect();
    await recording.first('open');
    watched.send('ping');
    watched.heartbeat();
    watched.pause();
    watched.resume();
    watched.reconnect();
    await recording.nth('open', 2);
    watched.close();
    await recording.reached('closed');
    watched.connect();
    watched.close();
    await recording.nth('close', 3);
    watched.connect();
    await recording.nth('open', 3);
    watched.dispose();
    return { calls, inside };
  }, `${server.ws}/echo`);
  assert.deepEqual(result, { calls: 11, inside: [] });
});

test('client: the calls of a listener are carried out after it', LIMIT, async (context) => {
  const server = await serverFor(context);
  const log = await pages.inPage(async (url) => {
    const { Client } = await import('/dist/tidewire.js');
    const client = new Client(url);
    const log = [];
    return new Promise((resolve) => {
      client.addEventListener('open', () => {
        log.push(client.send('one'), client.close(4002, 'two'), client.state);
      });
      client.addEventListener('close', (event) => {
        log.push(event.code, client.connect(), client.close());
        resolve(log);
      }, { once: true });
      client.connect();
    });
  }, `${server.ws}/echo`);
  assert.deepEqual(log, ['queued', 'accepted', 'open', 4002, 'started', 'accepted']);
});

for (const type of ['statechange', 'open', 'message', 'close', 'heartbeat']) {
  test(`client: disposed in '${type}', it fires no further event`, LIMIT, async (context) => {
    const server = await serverFor(context);
    const result = await pages.inPage(
      async ([url, type]) => {
        const { Recording, opened } = await import('/test/recording.js');
        const recording = new Recording(`${url}/ticker?rate=100`, {
          heartbeat: { interval: 5, message: 'ping', answer: 'pong' },
        });
        const { client } = recording;
        let eventsThen = 0;
        const disposed = new Promise((resolve) => {
          client.addEventListener(type, () => {
            client.dispose();
            eventsThen = recording.events.length;
            resolve();
          });
        });
        client.connect();
        if (type === 'close') {
          recording.first('message').then(() => client.close());
        }
        await disposed;
        // Another connection's round trips give what should not come all the time it needs.
        const other = await opened(`${url}/echo`);
        for (let i = 1; i <= 20; ++i) {
          other.client.send('');
          await other.nth('message', i);
        }
        return { state: client.state, later: recording.events.length - eventsThen };
      },
      [server.ws, type],
    );
    assert.deepEqual(result, { state: 'closed', later: 0 });
  });
}

for (const where of ['dropped', 'drain', 'endpoint', 'log']) {
  test(`client: disposed in '${where}', it fires no further event`, LIMIT, async (context) => {
    const server = await serverFor(context);
    const result = await pages.inPage(
      async ([url, where]) => {
        const { Recording, opened } = await import('/test/recording.js');
        let disposed = () => {};
        const gone = new Promise((resolve) => (disposed = resolve));
        let eventsThen = -1;
        let calls = 0;
        let recording = null;
        const end = () => {
          ++calls;
          recording.client.dispose();
          eventsThen = recording.events.length;
          disposed();
          return { url };
        };
        recording = new Recording(url, {
          ...(where === 'endpoint' ? { endpoint: end } : {}),
          ...(where === 'log' ? { log: { level: 'info', sink: end } } : {}),
          sendQueue: { maxMessages: 1, whenFull: 'drop-oldest' },
        });
        recording.client.addEventListener(where, end);
        recording.client.send('1');
        recording.client.send('2');
        recording.client.connect();
        await gone;
        const other = await opened(url);
        for (let i = 1; i <= 20; ++i) {
          other.client.send('');
          await other.nth('message', i);
        }
        return { calls, state: recording.client.state, later: recording.events.length - eventsThen };
      },
      [`${server.ws}/echo`, where],
    );
    assert.deepEqual(result, { calls: 1, state: 'closed', later: 0 });
  });
}

test('client: disposed before the wasm has loaded, it fires no event', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { Recording, opened } = await import('/test/recording.js');
    const recording = new Recording(url);
    recording.client.connect();
    recording.client.dispose();
    recording.client.dispose();
    await opened(url);
    let error = null;
    try {
      recording.client.connect();
    } catch (thrown) {
      error = String(thrown);
    }
    return { events: recording.events, error };
  }, `${server.ws}/echo`);
  assert.deepEqual(result, { events: [], error: 'TypeError: this client was disposed' });
});

test('client: an error in a listener is reported, and the next listener is called', LIMIT, async (context) => {
  const server = await serverFor(context);
  const { page, errors } = await pages.openPage();
  context.after(() => page.close());
  const received = await page.evaluate(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const { Client } = await import('/dist/tidewire.js');
    const failing = new Client(url);
    failing.addEventListener('open', () => {
      throw new Error('a fault of the listener');
    });
    const opened = new Promise((resolve) => failing.addEventListener('open', resolve));
    failing.connect();
    await opened;
    const recording = new Recording(url);
    recording.client.connect();
    recording.client.send('all is well');
    return recording.messages(1);
  }, `${server.ws}/echo`);
  assert.deepEqual(received, ['all is well']);
  assert.deepEqual(
    errors.map((error) => error.message),
    ['a fault of the listener'],
  );
});

test('client: a URL is resolved as the WebSocket constructor does', LIMIT, async () => {
  const urls = await pages.inPage(async () => {
    const { Client } = await import('/dist/tidewire.js');
    const given = ['/a?b=c', 'wss://Example.COM:443/é', 'https://example.com/x', 'ws://[::1]:81/?a|b', 'ws://x/%41'];
    return given.map((url) => new Client(url).url.replace(location.host, 'HERE'));
  });
  assert.deepEqual(urls, [
    'ws://HERE/a?b=c',
    'wss://example.com/%C3%A9',
    'wss://example.com/x',
    'ws://[::1]:81/?a%7Cb',
    'ws://x/%41',
  ]);
});

test('client: wrong use throws a TypeError that names the fault', LIMIT, async () => {
  const messages = await pages.inPage(async () => {
    const { Client } = await import('/dist/tidewire.js');
    const client = new Client('/');
    const wrong = [
      () => new Client('ftp://example.com/'),
      () => new Client('ws://example.com/#part'),
      () => new Client('ws://user:secret@example.com/'),
      () => new Client('ws://example.com/%zz'),
      () => new Client('ws://example.com:0/'),
      () => new Client('ws://exa{mple.com/'),
      () => new Client(),
      () => new Client(null, {}),
      () => new Client('/', { hartbeat: {} }),
      () => new Client('/', { heartbeat: { interval: '5' } }),
      () => new Client('/', { heartbeat: 5 }),
      () => new Client('/', { connectTimeout: -1 }),
      () => new Client('/', { connectTimeout: NaN }),
      () => new Client('/', { reconnect: { enabled: 1 } }),
      () => new Client('/', { reconnect: { finalCodes: [99] } }),
      () => new Client('/', { maxMessageBytes: 1.5 }),
      () => new Client('/', { subprotocols: ['a', 'a'] }),
      () => new Client('/', { subprotocols: ['a b'] }),
      () => new Client('/', null),
      () => new Client('/', { sendQueue: 5 }),
      () => new Client('/', { sendQueue: { whenFull: 'drop-newest' } }),
      () => new Client('/', { heartbeat: { onWake: true } }),
      () => new Client('/', { endpoint: 'ws://example.com/' }),
      () => new Client('/', { log: { level: 'trace' } }),
      () => new Client('/', { log: { sink: {} } }),
      () => new Client('/', { headers: [] }),
      () => client.send('', { whenNotOpen: 'wait' }),
      () => client.send('', null),
      () => client.send(5),
      () => client.send(null),
      () => client.close('1000'),
      () => client.close(1000, 5),
    ];
    return wrong.map((call) => {
      try {
        call();
        return 'nothing was thrown';
      } catch (error) {
        return `${error.name}: ${error.message}`;
      }
    });
  });
  const named = [
    /url/, /url/, /url/, /url/, /url/, /url/, /url/, /url/,
    /options\.hartbeat/, /options\.heartbeat\.interval/, /options\.heartbeat/,
    /: connectTimeout: /, /options\.connectTimeout/, /options\.reconnect\.enabled/,
    /: reconnect\.finalCodes: /, /options\.maxMessageBytes/, /: subprotocols: /, /: subprotocols: /,
    /options/, /options\.sendQueue/, /options\.sendQueue\.whenFull/, /options\.heartbeat\.onWake/, /options\.endpoint/,
    /options\.log\.level/, /options\.log\.sink/, /options\.headers/, /options\.whenNotOpen/, /options/,
    /data/, /data/, /code/, /reason/,
  ];
  assert.equal(messages.length, named.length);
  messages.forEach((message, i) => {
    assert.match(message, /^TypeError: /);
    assert.match(message, named[i]);
  });
});

test('client: a close that the protocol forbids is refused', LIMIT, async (context) => {
  const server = await serverFor(context);
  const answers = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url);
    const attempts = () => [
      recording.client.close(1001),
      recording.client.close(5000),
      recording.client.close(1000, 'é'.repeat(62)),
    ];
    const before = attempts();
    recording.client.connect();
    await recording.first('open');
    return [before, attempts(), recording.client.close(1000, `${'é'.repeat(61)}e`)];
  }, `${server.ws}/echo`);
  const refused = ['invalid-code', 'invalid-code', 'invalid-reason'];
  assert.deepEqual(answers, [refused, refused, 'accepted']);
});

test('client: a wasm file that cannot be loaded ends the attempt, and connect tries again', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { fetch } = globalThis;
    globalThis.fetch = () => fetch('/dist/no-such.wasm');
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url);
    const { client } = recording;
    const dropped = [];
    client.addEventListener('dropped', ({ reason, messages, bytes }) => {
      dropped.push({ reason, messages, bytes, closes: recording.of('close').length });
    });
    client.connect();
    client.send('lost');
    const close = await recording.first('close');
    const refused = [client.state, client.send('too late'), client.bufferedAmount];
    globalThis.fetch = fetch;
    client.connect();
    client.send('not lost');
    return { close, dropped, refused, messages: await recording.messages(1), counted: client.stats().droppedMessages };
  }, `${server.ws}/echo`);
  const { cause, willRetry, droppedMessages, detail } = result.close;
  assert.deepEqual({ cause, willRetry, droppedMessages }, { cause: 'unavailable', willRetry: false, droppedMessages: 1 });
  assert.match(detail, /HTTP status 404/);
  assert.deepEqual(result.dropped, [{ reason: 'closed', messages: 1, bytes: 4, closes: 0 }]);
  assert.equal(result.counted, 1);
  assert.deepEqual(result.refused, ['closed', 'closed', 0]);
  assert.deepEqual(result.messages, ['not lost']);
});

test('client: a close before a wasm file that cannot be loaded ends with its event all the same', LIMIT, async () => {
  const [result, closes] = await pages.inPage(async () => {
    globalThis.fetch = () => Promise.reject(new Error('no network'));
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording('ws://127.0.0.1:1/');
    recording.client.connect();
    const result = recording.client.close();
    await recording.first('close');
    return [result, recording.of('close').map(({ cause, willRetry }) => [cause, willRetry])];
  });
  assert.equal(result, 'accepted');
  assert.deepEqual(closes, [['closed-by-user', false]]);
});

test('log: a sink gets the records of its level, with the name of the client', LIMIT, async (context) => {
  const server = await serverFor(context);
  const records = await pages.inPage(async (url) => {
    const { opened } = await import('/test/recording.js');
    const records = {};
    for (const level of ['error', 'warning', 'info', 'debug']) {
      records[level] = [];
      // A busy machine is slow enough for a warning.
      const sink = (record) => /held the thread/.test(record.text) || records[level].push(record);
      const name = level === 'debug' ? undefined : `the ${level} client`;
      const recording = await opened(`${url}?token=secret`, {
        log: { level, sink },
        name,
        heartbeat: { message: 'ping', answer: 'pong' },
      });
      recording.client.heartbeat();
      await recording.first('heartbeat');
      recording.client.close();
      await recording.first('close');
    }
    return records;
  }, `${server.ws}/ticker`);
  const levels = (name) => [...new Set(records[name].map((record) => record.level))].sort();
  assert.deepEqual([levels('error'), levels('warning')], [[], []]);
  assert.deepEqual([levels('info'), levels('debug')], [['info'], ['debug', 'info']]);
  assert.match(records.info[0].text, /^attempt 1 to ws:/);
  assert.ok(records.info.every((record) => record.client === 'the info client'));
  assert.ok(records.debug.every((record) => record.client === `${server.ws}/ticker`));
  assert.doesNotMatch(JSON.stringify(records), /secret/);
});

test('log: an exception of a sink is reported, and has no other effect', LIMIT, async (context) => {
  const server = await serverFor(context);
  const { page, errors } = await pages.openPage();
  context.after(() => page.close());
  const messages = await page.evaluate(async (url) => {
    const { opened } = await import('/test/recording.js');
    const sink = ({ level }) => {
      throw new Error(`a fault of the sink: ${level}`);
    };
    const recording = await opened(url, { log: { level: 'info', sink } });
    recording.client.send('all is well');
    return recording.messages(1);
  }, `${server.ws}/echo`);
  assert.deepEqual(messages, ['all is well']);
  // A busy machine may have more to log.
  assert.ok(errors.length >= 2);
  errors.forEach((error) => assert.match(error.message, /^a fault of the sink: /));
});

test('flight record: it has the events, but no query, and no payload by default', LIMIT, async (context) => {
  const server = await serverFor(context);
  const records = await pages.inPage(async (url) => {
    const { Recording, opened } = await import('/test/recording.js');
    const records = [new Recording(`${url}?token=secret`).client.flightRecord()];
    for (const flightRecorder of [{}, { payloadBytes: 5 }, { entries: 0 }]) {
      const recording = await opened(`${url}?token=secret`, { flightRecorder, name: 'mine\n' });
      recording.client.send('payload');
      await recording.messages(1);
      records.push(recording.client.flightRecord());
    }
    return records;
  }, `${server.ws}/echo`);
  assert.equal(records[0], '');
  assert.match(records[1], /^client mine\\n\n.*attempt 1 to ws:[^]*is open after[^]* sent 1 messages, 7 bytes\n/);
  assert.match(records[1], /received 1 messages, 7 bytes\n/);
  assert.match(records[2], /received text, 7 bytes: paylo\n/);
  assert.equal(records[3], 'client mine\\n\n');
  assert.doesNotMatch(records.join(), /secret/);
  assert.doesNotMatch(records[1], /paylo/);
});

test('stats: they count from the making, under the same names before the wasm has loaded', LIMIT, async (context) => {
  const server = await serverFor(context);
  const { before, after } = await pages.inPage(async (url) => {
    const { Recording } = await import('/test/recording.js');
    const recording = new Recording(url);
    const { client } = recording;
    client.send('世');
    const before = client.stats();
    client.connect();
    await recording.messages(1);
    client.reconnect();
    await recording.nth('open', 2);
    client.close();
    await recording.reached('closed');
    return { before, after: client.stats() };
  }, `${server.ws}/echo`);
  const zeros = Object.fromEntries(Object.keys(after.endings).map((cause) => [cause, 0]));
  const nothing = Object.fromEntries(
    Object.entries(after).flatMap(([name, value]) => (typeof value === 'number' ? [[name, 0]] : [])),
  );
  const none = { roundTrips: null, lastHandshake: {} };
  assert.deepEqual(before, {
    ...nothing, ...none, queuedMessages: 1, queuedBytes: 3, bufferedBytes: 3, endings: zeros,
    reconnectsAfter: zeros,
  });
  assert.deepEqual(after, {
    ...nothing, ...none, attempts: 2, opens: 2, reconnects: 1, messagesSent: 1, bytesSent: 3, messagesReceived: 1,
    bytesReceived: 1, unconfirmedMessages: 1, endings: { ...zeros, 'reconnect-requested': 1, 'closed-by-user': 1 },
    reconnectsAfter: { ...zeros, 'reconnect-requested': 1 },
  });
});

for (const source of ['a URL', 'a URL without a MIME type', 'bytes', 'a Response', 'a module']) {
  test(`ready: the wasm can be given as ${source}`, LIMIT, async (context) => {
    const server = await serverFor(context);
    const echo = await pages.inPage(
      async ([url, source]) => {
        const wasm = '/dist/tidewire.wasm';
        const sources = {
          'a URL': () => ({ wasmUrl: wasm }),
          'a URL without a MIME type': () => ({ wasmUrl: new URL(`/untyped${wasm}`, location.href) }),
          bytes: async () => ({ wasmBinary: await (await fetch(wasm)).arrayBuffer() }),
          'a Response': async () => ({ wasmBinary: await fetch(wasm) }),
          'a promise of a Response': () => ({ wasmBinary: fetch(wasm) }),
          'a module': async () => ({ wasmBinary: await WebAssembly.compileStreaming(fetch(wasm)) }),
        };
        const { ready } = await import('/dist/tidewire.js');
        await ready(await sources[source]());
        const { opened } = await import('/test/recording.js');
        const recording = await opened(url);
        recording.client.send(source);
        return recording.messages(1);
      },
      [`${server.ws}/echo`, source],
    );
    assert.deepEqual(echo, [source]);
  });
}

test('client: closed and forgotten, it is collected; open, it is not', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { Client } = await import('/dist/tidewire.js');
    const collected = [];
    let noticed = () => {};
    const registry = new FinalizationRegistry((name) => {
      collected.push(name);
      noticed();
    });
    const make = (name, stop) =>
      new Promise((resolve) => {
        const client = new Client(url);
        registry.register(client, name);
        client.addEventListener('open', () => (stop ? client.close() : resolve()));
        client.addEventListener('close', () => resolve());
        client.connect();
      });
    await make('open', false);
    await make('closed', true);
    while (collected.length === 0) {
      const next = new Promise((resolve) => (noticed = resolve));
      await gc({ execution: 'async' });
      await Promise.race([next, new Promise((resolve) => requestAnimationFrame(resolve))]);
    }
    return collected;
  }, `${server.ws}/echo`);
  assert.deepEqual(result, ['closed']);
});
