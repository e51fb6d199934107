// What a page may do to the objects that clients rest on.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LIMIT, serverFor, usePages } from './support/fixture.mjs';

const pages = usePages();

const EXCHANGED = [
  ['connecting', 'open', 'text', 2, 2, 'heartbeat', 'closing', 'closed', 'closed-by-user', 3000, 'done'],
  ['text', 1000, 'closed-by-user'],
  ['AAPL', 'published', null, 'AAPL', ['SessionError', 'unknown-method'], 'closed-by-user'],
];

/** What a page does before it imports the module. */
const PREPARATIONS = {
  'nothing is changed': () => {},

  'Object.prototype and Array.prototype have additions': () => {
    const events = 'open close message error statechange heartbeat dropped drain event gap subscribed end endpoint token log ack reply';
    const options = 'subprotocols deliveryQueueBytes sendQueue outbox url cause detail code json state WebSocket wasmUrl made';
    // Not `signal`: addEventListener itself reads it of its options.
    for (const name of `${events} ${options}`.split(' ')) {
      Object.prototype[name] = 5;
      Array.prototype[name] = 5;
    }
  },

  'every global class is frozen': () => {
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      const value = Object.getOwnPropertyDescriptor(globalThis, name).value;
      if (typeof value === 'function') {
        Object.freeze(value);
        Object.freeze(value.prototype);
      }
    }
    Object.freeze(Object.getPrototypeOf(async () => {}));
    Object.freeze(globalThis.crypto);
  },

  'WebSocket is a class of its own': () => {
    globalThis.made = [];
    globalThis.WebSocket = class extends WebSocket {
      constructor(...given) {
        super(...given);
        globalThis.made.push(new URL(this.url).pathname);
        this.addEventListener('message', (event) => event.preventDefault());
      }

      send(data) {
        return super.send(data);
      }
    };
  },
};

for (const [what, prepare] of Object.entries(PREPARATIONS)) {
  test(`surprises: all works where ${what}`, LIMIT, async (context) => {
    const server = await serverFor(context);
    const { page, errors } = await pages.openPage();
    context.after(() => page.close());
    await page.evaluate(prepare);
    const seen = await page.evaluate(async (url) => {
      const { exchange } = await import('/test/exchange.js');
      return JSON.stringify(await exchange(url));
    }, server.ws);
    assert.deepEqual(JSON.parse(seen), EXCHANGED);
    assert.deepEqual(errors, []);
    if (/of its own/.test(what)) {
      assert.deepEqual(await page.evaluate(() => globalThis.made), ['/echo', '/echo', '/stream']);
    }
  });
}

test('surprises: additions to Object.prototype are no options', LIMIT, async () => {
  const states = await pages.inPage(async () => {
    const { Client, ReconnectingWebSocket, Session } = await import('/dist/tidewire.js');
    for (const name of ['signal', 'endpoint', 'token', 'subprotocols', 'heartbeat', 'log', 'deliveryQueueBytes', 'sendQueue']) {
      Object.prototype[name] = 5;
    }
    const socket = new ReconnectingWebSocket('/feed');
    socket.close();
    return [new Client('/feed').state, new Client('/feed', {}).state, new Session('/feed').state, socket.readyState];
  });
  assert.deepEqual(states, ['idle', 'idle', 'idle', 2]);
});
