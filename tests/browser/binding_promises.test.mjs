// Clients by promises: connected(), `for await`, and Symbol.asyncDispose.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LIMIT, closedPort, serverFor, usePages } from './support/fixture.mjs';

const pages = usePages();

test('connected: resolves with the opening, and at once while open', LIMIT, async (context) => {
  const server = await serverFor(context);
  const states = await pages.inPage(async (url) => {
    const { Client } = await import('/dist/tidewire.js');
    const client = new Client(url);
    client.connect();
    const states = [client.state];
    await client.connected();
    await client.connected();
    states.push(client.state);
    client.dispose();
    return states;
  }, `${server.ws}/echo`);
  assert.equal(states[1], 'open');
  assert.notEqual(states[0], 'open');
});

test('connected: rejects with the close event as cause when the client has closed for good', LIMIT, async () => {
  const port = await closedPort();
  const faults = await pages.inPage(async (url) => {
    const { Client, TidewireError } = await import('/dist/tidewire.js');
    const once = new Client(url, { reconnect: { enabled: false } });
    once.connect();
    const isOne = (error) => error instanceof TidewireError && error instanceof Error && error.name === 'TidewireError';
    const first = await once
      .connected()
      .catch((error) => [isOne(error), error.code, error.message === error.cause.detail, error.cause.cause]);
    const waiting = new Client(url, { reconnect: { firstDelay: 1e6, maxDelay: 1e6 } });
    waiting.addEventListener('close', () => setTimeout(() => waiting.close()));
    waiting.connect();
    const second = await waiting.connected().catch((error) => [error.code, error.message, error.cause.cause]);
    return [first, second];
  }, `ws://127.0.0.1:${port}/`);
  assert.deepEqual(faults, [
    [true, 'connect-failed', true, 'connect-failed'],
    ['closed-by-user', 'closed while it waited for the next attempt', 'connect-failed'],
  ]);
});

test('connected: rejects a closed client, unless connect() was called, and waits for one that never was', LIMIT, async (context) => {
  const server = await serverFor(context);
  const seen = await pages.inPage(async (url) => {
    const { Client } = await import('/dist/tidewire.js');
    const client = new Client(url);
    const seen = [];
    const early = client.connected().then(() => seen.push('early'));
    client.connect();
    await early;
    const closed = new Promise((resolve) => client.addEventListener('close', resolve, { once: true }));
    client.close();
    await closed;
    await client.connected().catch(({ code }) => seen.push(code));
    client.connect();
    await client.connected();
    seen.push(client.state);
    client.dispose();
    return seen;
  }, `${server.ws}/echo`);
  assert.deepEqual(seen, ['early', 'closed', 'open']);
});

test('for await: gets every message in order, and ends with the client', LIMIT, async (context) => {
  const server = await serverFor(context);
  const seen = await pages.inPage(async (url) => {
    const { Client } = await import('/dist/tidewire.js');
    const client = new Client(url);
    client.connect();
    ['a', 'b', 'c'].forEach((each) => client.send(each));
    const seen = [];
    for await (const data of client) {
      seen.push(data);
      await new Promise((resolve) => setTimeout(resolve));
      if (data === 'c') client.close();
    }
    return [...seen, client.state];
  }, `${server.ws}/echo`);
  assert.deepEqual(seen, ['a', 'b', 'c', 'closed']);
});

test('for await: throws after the kept messages when more wait than deliveryQueueBytes', LIMIT, async (context) => {
  const server = await serverFor(context);
  const seen = await pages.inPage(async (url) => {
    const { Client } = await import('/dist/tidewire.js');
    const client = new Client(url, { deliveryQueueBytes: 10 });
    client.connect();
    const messages = client[Symbol.asyncIterator]();
    let count = 0;
    const arrived = new Promise((resolve) => client.addEventListener('message', () => ++count === 3 && resolve()));
    ['12345', '12345', '1'].forEach((each) => client.send(each));
    await arrived;
    const seen = [];
    try {
      for await (const data of messages) seen.push(data);
    } catch (error) {
      seen.push(error.code, error.message);
    }
    client.dispose();
    return seen;
  }, `${server.ws}/echo`);
  assert.deepEqual(seen, ['12345', '12345', 'slow-consumer', 'more than 10 bytes wait for the loop (deliveryQueueBytes)']);
});

test('await using: closes the connection, and frees the client then', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { Client } = await import('/dist/tidewire.js');
    const client = new Client(url);
    const closes = [];
    client.addEventListener('close', ({ cause, code }) => closes.push([cause, code]));
    client.connect();
    await client.connected();
    await client[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    let fault = '';
    try {
      client.connect();
    } catch (error) {
      fault = error.message;
    }
    return { closes, fault };
  }, `${server.ws}/echo`);
  assert.deepEqual(result, { closes: [['closed-by-user', 1000]], fault: 'this client was disposed' });
});

test('signal: its abort closes a client, a session and a socket; an aborted one makes none', LIMIT, async (context) => {
  const server = await serverFor(context);
  const result = await pages.inPage(async (url) => {
    const { Client, ReconnectingWebSocket, Session } = await import('/dist/tidewire.js');
    const controller = new AbortController();
    const { signal } = controller;
    const made = [
      new Client(`${url}/echo`, { signal }),
      new ReconnectingWebSocket(`${url}/echo`, [], { signal }),
      new Session(`${url}/stream`, { signal }),
    ];
    const next = (type) =>
      Promise.all(made.map((each) => new Promise((resolve) => each.addEventListener(type, resolve, { once: true }))));
    const opened = next('open');
    made[0].connect();
    made[2].connect();
    await opened;
    const closed = next('close');
    controller.abort();
    const codes = (await closed).map(({ code, willRetry }) => [code, willRetry]);
    let fault = '';
    try {
      new Client(url, { signal });
    } catch (error) {
      fault = error.name;
    }
    return { codes, fault };
  }, server.ws);
  assert.deepEqual(result, { codes: [[1000, false], [1000, false], [1000, false]], fault: 'AbortError' });
});
