// Conversations with the small server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hold } from './conversations.mjs';
import { Peer } from './peer.mjs';
import { startServer } from './server.mjs';

function userOf({ tokens, expired }) {
  return (token) => {
    if (expired.includes(token)) return { code: 'token-expired' };
    return Object.hasOwn(tokens, token) ? { user: tokens[token] } : { code: 'unauthorized' };
  };
}

async function start({ tokens, expired = [], ...options }) {
  const server = await startServer({ ...options, ...(tokens && { userOf: userOf({ tokens, expired }) }) });
  return {
    url: server.url,
    token: tokens && Object.keys(tokens)[0],
    async publish(channel, ...bodies) {
      for (const body of bodies) server.publish(channel, body);
      await new Promise((resolve) => setImmediate(resolve)); // The clients' turn.
    },
    async goodbye() {
      server.goAway({ after: 10, spread: 20 });
      await this.stop();
    },
    stop() {
      return (this.stopped ??= server.stop());
    },
  };
}

hold(start);

test('request: is answered by its method', async () => {
  const server = await start({});
  const peer = await Peer.welcomed(server);
  assert.deepEqual(await peer.request('echo', 'hello'), { op: 'reply', id: 1, type: 'text', body: 'hello' });
  await server.stop();
});

test('subscribe: what is not for everybody is forbidden', async () => {
  const server = await start({});
  const peer = await Peer.welcomed(server);
  peer.send({ op: 'subscribe', id: 4, channel: 'private/x' });
  const { id, code } = await peer.next('error');
  assert.deepEqual([id, code], [4, 'forbidden']);
  await server.stop();
});
