// What the server half does with an application that answers later: the ticker server's answers at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { testServerFor } from '../support/test_server.mjs';
import { Peer } from './peer.mjs';

const LIMIT = { timeout: 60_000 };

test('request: is answered by its method', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const peer = await Peer.welcomed(server);
  assert.deepEqual(await peer.request('echo', 'hello'), { op: 'reply', id: 1, type: 'text', body: 'hello' });
});

test('subscribe: a channel that the application refuses is forbidden', LIMIT, async (context) => {
  const server = await testServerFor(context);
  const peer = await Peer.welcomed(server);
  peer.send({ op: 'subscribe', id: 4, channel: 'private/x' });
  const { id, code } = await peer.next('error');
  assert.deepEqual([id, code], [4, 'forbidden']);
});

const large = 'x'.repeat(79_000);

test('request: a client that reads gets every answer, however many requests it sends at once', LIMIT, async (context) => {
  const server = await testServerFor(context, { requests: 400, methods: { history: () => large } });
  const peer = await Peer.welcomed(server);
  const requests = Array.from({ length: 200 }, (_, index) => ({ op: 'request', id: index + 1, method: 'history' }));
  peer.send(...requests);
  for (const request of requests) peer.send(request);
  for (const { id } of [...requests, ...requests]) assert.equal((await peer.next('reply')).id, id);
  assert.deepEqual(await peer.settle(), []);
});

test('request: answers do not make a client too slow for its events', LIMIT, async (context) => {
  const server = await testServerFor(context, { requests: 200, maxQueueBytes: 100_000, methods: { history: () => large } });
  const peer = await Peer.welcomed(server);
  await peer.subscribe('chat/c');
  peer.socket.pause();
  peer.send(...Array.from({ length: 200 }, (_, index) => ({ op: 'request', id: index + 2, method: 'history' })));
  for (let seq = 1; seq <= 10; ++seq) await server.publish('chat/c', 'x');
  peer.socket.resume();
  const came = { reply: 0, event: 0 };
  while (came.reply < 200 || came.event < 10) ++came[(await peer.any()).op];
  assert.deepEqual(await peer.settle(), []);
});

test('request: one beyond those that may be open is too many, and a cancelled one is not open', LIMIT, async (context) => {
  const answers = [];
  const later = () => new Promise((resolve) => answers.push(resolve));
  const server = await testServerFor(context, { requests: 2, methods: { later } });
  const peer = await Peer.welcomed(server);
  assert.equal(peer.welcome.requests, 2);
  const request = (id) => ({ op: 'request', id, method: 'later' });
  peer.send(request(1), request(2), request(3));
  const { id, code, temporary } = await peer.next('error');
  assert.deepEqual([id, code, temporary], [3, 'too-many-requests', true]);
  peer.send({ op: 'cancel', id: 1 }, request(4), request(5));
  assert.equal((await peer.next('error')).id, 5);
  answers[1]('x');
  assert.equal((await peer.next('reply')).id, 2);
  peer.send(request(6));
  assert.deepEqual(await peer.settle(), []);
});

test('request: a reply that is larger than the client takes is an error', LIMIT, async (context) => {
  const server = await testServerFor(context, { methods: { history: () => large } });
  const peer = await Peer.welcomed(server, 'small', { maxMessage: 79_000 });
  const { op, id, code } = await peer.request('history', '');
  assert.deepEqual([op, id, code], ['error', 1, 'too-large']);
});
