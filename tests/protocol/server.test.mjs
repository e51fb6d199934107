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

const large = Buffer.from('x'.repeat(79_000));

test('request: whoever reads gets every answer, however many are asked for at once', { timeout: 60_000 }, async () => {
  const server = await start({ methods: { history: () => large } });
  const peer = await Peer.welcomed(server);
  const requests = Array.from({ length: 200 }, (_, index) => ({ op: 'request', id: index + 1, method: 'history' }));
  peer.send(...requests);
  for (const request of requests) peer.send(request);
  for (const { id } of [...requests, ...requests]) assert.equal((await peer.next('reply')).id, id);
  assert.deepEqual(await peer.settle(), []);
  await server.stop();
});

test('request: answers do not make a client too slow for its events', { timeout: 60_000 }, async () => {
  const server = await start({ methods: { history: () => large }, maxBufferedBytes: 100_000 });
  const peer = await Peer.welcomed(server);
  await peer.subscribe('chat/c');
  peer.socket.pause();
  peer.send(...Array.from({ length: 200 }, (_, index) => ({ op: 'request', id: index + 2, method: 'history' })));
  for (let seq = 1; seq <= 10; ++seq) await server.publish('chat/c', 'x');
  peer.socket.resume();
  const came = { reply: 0, event: 0 };
  while (came.reply < 200 || came.event < 10) ++came[(await peer.any()).op];
  assert.deepEqual(await peer.settle(), []);
  await server.stop();
});

test('request: one beyond those that may be open is too many, and a cancelled one is not open', async () => {
  const answers = [];
  const server = await start({ requests: 2, methods: { later: () => new Promise((resolve) => answers.push(resolve)) } });
  const peer = await Peer.welcomed(server);
  assert.equal(peer.welcome.requests, 2);
  const request = (id) => ({ op: 'request', id, method: 'later' });
  peer.send(request(1), request(2), request(3));
  const { id, code, temporary } = await peer.next('error');
  assert.deepEqual([id, code, temporary], [3, 'too-many-requests', true]);
  peer.send({ op: 'cancel', id: 1 }, request(4), request(5));
  assert.equal((await peer.next('error')).id, 5);
  answers[1](Buffer.from('x'));
  assert.equal((await peer.next('reply')).id, 2);
  peer.send(request(6));
  assert.deepEqual(await peer.settle(), []);
  await server.stop();
});

test('request: a reply that is larger than the client takes is an error', async () => {
  const server = await start({ methods: { history: () => large } });
  const peer = await Peer.welcomed(server, 'small', { maxMessage: 79_000 });
  const { op, id, code } = await peer.request('history', '');
  assert.deepEqual([op, id, code], ['error', 1, 'too-large']);
  await server.stop();
});
