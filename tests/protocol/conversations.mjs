// Conversations that a server of the protocol has to hold.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Peer, keyOf } from './peer.mjs';

const seqsOf = (messages) => messages.map(({ seq }) => seq);

/** Where a channel stands. */
export async function headOf(server, channel) {
  const peer = await Peer.welcomed(server, 'looks-at-a-channel', server.token && { token: server.token });
  const { epoch, seq } = await peer.subscribe(channel);
  await peer.close();
  return { epoch, seq };
}

/**
 * Has `start(options)` start a server, and holds every conversation with it. Options: `tokens` maps each token to the user
 * that it names, `expired` is a list of tokens; `heartbeat` and `helloWithin` in milliseconds; `history`, the events that a
 * channel keeps; `maxSubscriptions`; `maxBufferedBytes` of events that wait for a client; `dedup: undefined`, and the server
 * remembers no publishes.
 *
 * A server has `url`, `publish(channel, ...bodies)`, which puts all of them into a channel in one turn, `goodbye()`, which
 * has it tell its clients to go and then end, and `stop()`. With `tokens`, `token` is one that is accepted.
 */
export function hold(start) {
  /** A test with a server of its own. */
  function conversation(name, options, body) {
    test(name, { timeout: 60_000 }, async () => {
      const server = await start(options);
      try {
        await body(server);
      } finally {
        await server.stop();
      }
    });
  }

  conversation('hello: is welcomed, and its session is a new one', {}, async (server) => {
    const before = Date.now();
    const peer = await Peer.welcomed(server);
    const { now, ...rest } = peer.welcome;
    assert.ok(now >= before && now <= Date.now());
    assert.deepEqual(rest, {
      op: 'welcome',
      v: 1,
      resumed: false,
      heartbeat: 25_000,
      maxMessage: 1_048_576,
      requests: 64,
      memory: peer.welcome.memory,
      dedup: { count: 1024, ms: 120_000 },
    });
    assert.equal(peer.socket.protocol, 'tidewire.v1');
  });

  conversation('hello: what comes before it ends the connection', {}, async (server) => {
    const peer = await Peer.connect(server);
    peer.send({ op: 'ping', t: 1 });
    assert.equal((await peer.next('closed')).code, 4001);
  });

  conversation('hello: one that never comes ends the connection', { helloWithin: 1 }, async (server) => {
    const peer = await Peer.connect(server);
    assert.equal((await peer.next('closed')).code, 4001);
  });

  conversation('hello: a later version is refused', {}, async (server) => {
    const peer = await Peer.connect(server);
    peer.send({ op: 'hello', v: 2, session: keyOf('k') });
    assert.deepEqual(await peer.refused(), ['unsupported-version', 4003]);
  });

  conversation('hello: a second one is malformed', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    peer.send({ op: 'hello', v: 1, session: keyOf('k') });
    assert.deepEqual(await peer.refused(), ['malformed', 4000]);
  });

  conversation('hello: what is pipelined behind it is answered behind the welcome', {}, async (server) => {
    const peer = await Peer.connect(server);
    peer.send({ op: 'hello', v: 1, session: keyOf('k') }, { op: 'subscribe', id: 1, channel: 'chat/c' }, { op: 'ping', t: 1 });
    await peer.next('welcome');
    const rest = [await peer.any(), await peer.any()];
    assert.deepEqual(rest.map(({ op }) => op).sort(), ['pong', 'subscribed']);
  });

  const users = { tokens: { ann: 'ann', bob: 'bob' }, expired: ['old'] };

  conversation('hello: what comes behind a refused one has no effect', users, async (server) => {
    const peer = await Peer.connect(server);
    const publish = [{ op: 'publish', id: 1, channel: 'chat/c' }, 'lost'];
    peer.send({ op: 'hello', v: 1, session: keyOf('k'), token: 'old' }, publish);
    peer.send(publish);
    assert.deepEqual(await peer.refused(), ['token-expired', 4002]);
    assert.equal((await headOf(server, 'chat/c')).seq, 0);
  });

  conversation('hello: the same session takes over from a connection that still lives', {}, async (server) => {
    const first = await Peer.welcomed(server, 'same');
    const second = await Peer.welcomed(server, 'same', { memory: first.welcome.memory });
    assert.equal(second.welcome.resumed, true);
    assert.equal((await first.next('closed')).code, 4004);
    assert.deepEqual(await second.settle(), []);
  });

  conversation('hello: one that comes late takes nothing over', {}, async (server) => {
    const peer = await Peer.welcomed(server, 'same', { attempt: 2 });
    for (const attempt of [1, 2]) {
      const late = await Peer.connect(server);
      late.send({ op: 'hello', v: 1, session: keyOf('same'), attempt }, [{ op: 'publish', id: 1, channel: 'chat/c' }, 'x']);
      assert.equal((await late.next('closed')).code, 4004);
    }
    assert.deepEqual(await peer.settle(), []);
    assert.equal((await headOf(server, 'chat/c')).seq, 0);
    await Peer.welcomed(server, 'same', { attempt: 3 });
    assert.equal((await peer.next('closed')).code, 4004);
  });

  conversation('hello: an attempt that leaps would lock the owner of the key out, and is malformed', {}, async (server) => {
    const peer = await Peer.welcomed(server, 'same', { attempt: 70_000 }); // Of the key nothing is known yet.
    for (const attempt of [70_000 + 65_537, 2 ** 53 - 1]) {
      const thief = await Peer.connect(server);
      thief.send({ op: 'hello', v: 1, session: keyOf('same'), attempt });
      assert.deepEqual(await thief.refused(), ['malformed', 4000]);
    }
    assert.deepEqual(await peer.settle(), []);
    await Peer.welcomed(server, 'same', { attempt: 70_000 + 65_536 });
    assert.equal((await peer.next('closed')).code, 4004);
  });

  conversation('hello: one without an attempt is never late', {}, async (server) => {
    const first = await Peer.welcomed(server, 'same', { attempt: 7 });
    const second = await Peer.welcomed(server, 'same');
    assert.equal((await first.next('closed')).code, 4004);
    await Peer.welcomed(server, 'same', { attempt: 8 });
    assert.equal((await second.next('closed')).code, 4004);
  });

  conversation('hello: no WebSocket message is larger than the client takes', {}, async (server) => {
    const peer = await Peer.welcomed(server, 'small', { maxMessage: 2000 });
    const sizes = [];
    peer.socket.on('message', (payload) => sizes.push(payload.length));
    await peer.subscribe('chat/c');
    await server.publish('chat/c', ...Array(200).fill('x'.repeat(100)));
    for (let seq = 1; seq <= 200; ++seq) assert.equal((await peer.next('event')).seq, seq);
    assert.ok(Math.max(...sizes) <= 2000 && Math.max(...sizes) > 1000, `${Math.max(...sizes)}`);
  });

  conversation('hello: an event that is larger than the client takes ends its subscription, and no other', {}, async (server) => {
    const peer = await Peer.welcomed(server, 'small', { maxMessage: 1024 });
    for (const [channel, conflate] of [['chat/a', false], ['chat/b', false], ['chat/newest', true]]) {
      assert.equal((await peer.subscribe(channel, { conflate })).seq, 0);
    }
    const head = JSON.stringify({ op: 'event', channel: 'chat/a', seq: 1, ts: Date.now() }).length;
    await server.publish('chat/a', 'x'.repeat(1024 - head - 1), 'x'.repeat(1024 - head));
    await server.publish('chat/newest', 'x'.repeat(1024));
    await server.publish('chat/b', 'still there');
    const came = await peer.settle();
    const ends = came.filter(({ op }) => op === 'unsubscribed').map(({ channel, id, code }) => [channel, id, code]);
    assert.deepEqual(ends.sort(), [['chat/a', undefined, 'too-large'], ['chat/newest', undefined, 'too-large']]);
    const events = came.filter(({ op }) => op === 'event').map(({ channel, seq, body }) => [channel, seq, body.length]);
    assert.deepEqual(events, [['chat/a', 1, 1024 - head - 1], ['chat/b', 1, 11]]);
    const again = await peer.subscribe('chat/a', { last: 2 });
    assert.deepEqual([again.seq, again.from], [2, 0]);
    assert.equal((await peer.next('event')).seq, 1);
    assert.equal((await peer.next('unsubscribed')).code, 'too-large');
  });

  conversation('hello: a memory other than the present one is told at each hello to be lost', {}, async (server) => {
    for (let times = 0; times < 2; ++times) {
      const peer = await Peer.welcomed(server, 'same', { memory: 'lost' });
      assert.equal(peer.welcome.resumed, false);
    }
  });

  conversation('hello: a key that comes with another user is a new one', users, async (server) => {
    const ann = await Peer.welcomed(server, 'same', { token: 'ann' });
    const bob = await Peer.welcomed(server, 'same', { token: 'bob' });
    assert.equal(bob.welcome.resumed, false);
    assert.deepEqual(await ann.settle(), []);
    const again = await Peer.welcomed(server, 'same', { token: 'ann', memory: ann.welcome.memory });
    assert.equal(again.welcome.resumed, true);
    assert.equal((await ann.next('closed')).code, 4004);
  });

  conversation('subscribe: live events follow without a hole', {}, async (server) => {
    await server.publish('chat/c', 'before');
    const peer = await Peer.welcomed(server);
    const { seq, recovered } = await peer.subscribe('chat/c');
    assert.deepEqual([seq, recovered], [1, true]);
    await server.publish('chat/c', 'one');
    await server.publish('chat/c', 'two');
    const events = [await peer.next('event'), await peer.next('event')];
    assert.deepEqual(seqsOf(events), [2, 3]);
    assert.deepEqual(events.map(({ body }) => body), ['one', 'two']);
  });

  conversation('subscribe: the newest ones come first if they are wanted', {}, async (server) => {
    await server.publish('chat/c', 'a', 'b', 'c');
    const peer = await Peer.welcomed(server);
    const { seq, from } = await peer.subscribe('chat/c', { last: 2 });
    assert.deepEqual([seq, from], [3, 1]);
    assert.deepEqual(seqsOf(await peer.settle()), [2, 3]);
  });

  conversation('subscribe: more than there are is all of them', { history: 2 }, async (server) => {
    await server.publish('chat/c', 'a', 'b', 'c');
    const peer = await Peer.welcomed(server);
    const { seq, from } = await peer.subscribe('chat/c', { last: 2 ** 53 - 1 });
    assert.deepEqual([seq, from], [3, 1]);
    assert.deepEqual(seqsOf(await peer.settle()), [2, 3]);
  });

  conversation('subscribe: of the newest ones, latest only brings one', {}, async (server) => {
    await server.publish('chat/c', 'a', 'b', 'c');
    const peer = await Peer.welcomed(server);
    const { seq, from } = await peer.subscribe('chat/c', { last: 2, conflate: true });
    assert.deepEqual([seq, from], [3, 2]);
    const events = await peer.settle();
    assert.deepEqual(events.map((event) => [event.seq, event.skipped]), [[3, 0]]);
  });

  // Section 5.2, row by row: the history holds the events 8 to 10.
  const rows = [
    ['nothing was missed', { seq: 10 }, true, []],
    ['all that was missed is there', { seq: 7 }, true, [8, 9, 10]],
    ['some of what was missed was evicted', { seq: 6 }, false, []],
    ['the position is ahead of the channel', { seq: 11 }, false, []],
    ['the epoch is another', { seq: 9, epoch: 'other' }, false, []],
    ['only the latest is wanted', { seq: 2 }, true, [10], { conflate: true }],
    ['only the latest is wanted, and it is there', { seq: 10 }, true, [], { conflate: true }],
    ['only the latest is wanted, ahead of the channel', { seq: 11 }, false, [], { conflate: true }],
    ['only the latest is wanted, of another epoch', { seq: 2, epoch: 'other' }, false, [], { conflate: true }],
  ];
  for (const [what, since, recovered, seqs, more] of rows) {
    conversation(`resume: ${what}`, { history: 3 }, async (server) => {
      await server.publish('chat/c', ...Array(10).fill('x'));
      const { epoch } = await headOf(server, 'chat/c');
      const peer = await Peer.welcomed(server);
      const subscribed = await peer.subscribe('chat/c', { since: { epoch, ...since }, ...more });
      assert.deepEqual(subscribed, { op: 'subscribed', id: 1, epoch, seq: 10, recovered });
      const events = await peer.settle();
      assert.deepEqual(seqsOf(events), seqs);
      if (more && events.length > 0) assert.equal(events[0].skipped, 7);
      await server.publish('chat/c', 'live');
      assert.equal((await peer.next('event')).seq, 11);
    });
  }

  conversation('resume: a channel that was quiet is resumed', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    const { epoch, seq } = await peer.subscribe('chat/c');
    await peer.close();
    await server.publish('chat/c', 'missed');
    const again = await Peer.welcomed(server);
    assert.equal((await again.subscribe('chat/c', { since: { epoch, seq } })).recovered, true);
    assert.equal((await again.next('event')).body, 'missed');
  });

  conversation('unsubscribe: no event follows', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    peer.send({ op: 'subscribe', id: 1, channel: 'chat/c' }, { op: 'unsubscribe', id: 2, channel: 'chat/c' });
    await peer.next('subscribed');
    await peer.next('unsubscribed');
    await server.publish('chat/c', 'x');
    assert.deepEqual(await peer.settle(), []);
  });

  conversation('unsubscribe: what is not subscribed to is unsubscribed all the same', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    peer.send({ op: 'unsubscribe', id: 2, channel: 'nowhere' });
    const { id, channel } = await peer.next('unsubscribed');
    assert.deepEqual([id, channel], [2, 'nowhere']);
  });

  conversation('unsubscribe: what comes behind it in the same message may subscribe again', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    const subscribe = { op: 'subscribe', id: 1, channel: 'chat/c' };
    const unsubscribe = { op: 'unsubscribe', id: 2, channel: 'chat/c' };
    for (let times = 0; times < 20; ++times) peer.send(subscribe, unsubscribe);
    for (let times = 0; times < 20; ++times) {
      assert.equal((await peer.next('subscribed')).id, 1);
      assert.equal((await peer.next('unsubscribed')).id, 2);
    }
  });

  conversation('unsubscribe: the channel can be subscribed to again', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    const { epoch } = await peer.subscribe('chat/c');
    await server.publish('chat/c', 'x', 'y');
    assert.deepEqual(seqsOf(await peer.settle()), [1, 2]);
    peer.send({ op: 'unsubscribe', id: 2, channel: 'chat/c' });
    await peer.next('unsubscribed');
    assert.equal((await peer.subscribe('chat/c', { since: { epoch, seq: 1 } })).recovered, true);
    assert.deepEqual(seqsOf(await peer.settle()), [2]);
  });

  conversation('publish: reaches all who subscribed, and is acknowledged', {}, async (server) => {
    const [ann, bob] = [await Peer.welcomed(server, 'ann'), await Peer.welcomed(server, 'bob')];
    await bob.subscribe('chat/c');
    ann.publish({ id: 1, channel: 'chat/c' }, 'hi');
    assert.deepEqual(await ann.next('ack'), { op: 'ack', id: 1, seq: 1 });
    assert.equal((await bob.next('event')).body, 'hi');
  });

  conversation('publish: is not answered without an id', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    peer.publish({ channel: 'chat/c' }, 'hi');
    assert.deepEqual(await peer.settle(), []);
    assert.equal((await headOf(server, 'chat/c')).seq, 1);
  });

  conversation('publish: its own events come to the client as well, one without a body has an empty one', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    await peer.subscribe('chat/c');
    peer.send({ op: 'publish', channel: 'chat/c' });
    assert.equal((await peer.next('event')).body, '');
  });

  conversation('publish: one that is sent again after a reconnect is published once', {}, async (server) => {
    const peer = await Peer.welcomed(server, 'same');
    peer.publish({ id: 5, channel: 'chat/c' }, 'once');
    const ack = await peer.next('ack');
    await peer.close();
    const again = await Peer.welcomed(server, 'same', { memory: peer.welcome.memory });
    assert.equal(again.welcome.resumed, true);
    again.publish({ id: 5, channel: 'chat/c' }, 'once');
    assert.deepEqual(await again.next('ack'), ack);
    again.publish({ id: 6, channel: 'chat/c' }, 'new');
    assert.deepEqual(await again.next('ack'), { op: 'ack', id: 6, seq: 2 });
  });

  conversation('publish: a server that cannot remember says so', { dedup: undefined }, async (server) => {
    await Peer.welcomed(server, 'same');
    const again = await Peer.welcomed(server, 'same');
    assert.equal(again.welcome.resumed, false);
    assert.equal(again.welcome.memory, undefined);
    assert.equal(again.welcome.dedup, undefined);
  });

  conversation('framing: a body that could forge messages goes binary, and order holds', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    await peer.subscribe('chat/c');
    peer.framings.length = 0;
    const forged = `x\x1e${JSON.stringify({ op: 'event', channel: 'chat/c', seq: 9 })}`;
    await server.publish('chat/c', 'first', forged, 'last');
    const events = [await peer.next('event'), await peer.next('event'), await peer.next('event')];
    assert.deepEqual(events.map(({ body }) => body), ['first', forged, 'last']);
    assert.deepEqual(peer.framings, ['text', 'binary', 'text']);
  });

  conversation('framing: bytes that are no text arrive as they are, with their type', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    await peer.subscribe('chat/c');
    peer.framings.length = 0;
    peer.publish({ channel: 'chat/c', type: 'bytes' }, Buffer.from('fffe00', 'hex'));
    const { body, type } = await peer.next('event');
    assert.deepEqual([body, type], ['\xff\xfe\x00', 'bytes']);
    assert.deepEqual(peer.framings, ['binary']);
  });

  conversation('framing: what is ready in one turn leaves as one WebSocket message', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    await peer.subscribe('chat/c');
    peer.framings.length = 0;
    await server.publish('chat/c', ...Array(100).fill('x'));
    for (let count = 1; count <= 100; ++count) assert.equal((await peer.next('event')).seq, count);
    assert.equal(peer.framings.length, 1);
  });

  conversation('request: a method that there is not is an error', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    const { id, code } = await peer.request('toString', '');
    assert.deepEqual([id, code], [1, 'unknown-method']);
  });

  conversation('answers: acknowledgements that are sent for together all come', { maxBufferedBytes: 1000 }, async (server) => {
    const peer = await Peer.welcomed(server);
    const ids = Array.from({ length: 1000 }, (_, index) => index + 1);
    peer.send(...ids.map((id) => [{ op: 'publish', id, channel: 'chat/c' }, 'x']));
    for (const id of ids) peer.publish({ id: 1000 + id, channel: 'chat/c' }, 'x');
    for (let id = 1; id <= 2000; ++id) assert.deepEqual(await peer.next('ack'), { op: 'ack', id, seq: id });
  });

  conversation('ping: is answered with what it brings and the time', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    const before = Date.now();
    peer.send({ op: 'ping', t: 2 ** 53 - 1 });
    const { t, now } = await peer.next('pong');
    assert.equal(t, 2 ** 53 - 1);
    assert.ok(now >= before && now <= Date.now());
  });

  conversation('cancel: is ignored if nothing waits', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    peer.send({ op: 'cancel', id: 7 });
    assert.deepEqual(await peer.settle(), []);
  });

  conversation('auth: names the same user, or is refused', users, async (server) => {
    const peer = await Peer.welcomed(server, 'k', { token: 'ann' });
    peer.send({ op: 'auth', id: 1, token: 'ann' }, { op: 'auth', id: 2, token: 'bob' }, { op: 'auth', id: 3, token: 'old' });
    assert.equal((await peer.next('ack')).id, 1);
    assert.equal((await peer.next('error')).code, 'unauthorized');
    assert.equal((await peer.next('error')).code, 'token-expired');
  });

  conversation('limits: subscribing too often is an error of its own', { maxSubscriptions: 1 }, async (server) => {
    const peer = await Peer.welcomed(server);
    peer.send({ op: 'subscribe', id: 1, channel: 'chat/c' }, { op: 'subscribe', id: 2, channel: 'chat/c' });
    peer.send({ op: 'subscribe', id: 3, channel: 'chat/d' });
    await peer.next('subscribed');
    const codes = (await peer.settle()).map(({ id, code }) => [id, code]);
    assert.deepEqual(codes, [[2, 'already-subscribed'], [3, 'too-many-subscriptions']]);
  });

  conversation('malformed: ends the connection, and what comes behind it has no effect', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    peer.send([{ op: 'publish', channel: 'chat/c' }, 'x'], [{ op: 'publish' }, 'y'], [{ op: 'publish', channel: 'chat/c' }, 'z']);
    peer.publish({ channel: 'chat/c' }, 'z');
    assert.deepEqual(await peer.refused(), ['malformed', 4000]);
    assert.equal((await headOf(server, 'chat/c')).seq, 1);
  });

  conversation('malformed: comes before what is said of a first message', {}, async (server) => {
    const peer = await Peer.connect(server);
    peer.send({ op: 'publish' });
    assert.deepEqual(await peer.refused(), ['malformed', 4000]);
  });

  conversation('malformed: a body of text has to be UTF-8', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    peer.publish({ channel: 'chat/c' }, Buffer.from('ff', 'hex'));
    assert.deepEqual(await peer.refused(), ['malformed', 4000]);
    assert.equal((await headOf(server, 'chat/c')).seq, 0);
  });

  conversation('unknown: an operation is answered, and the connection goes on', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    peer.send({ op: 'teleport', id: 7 }, { op: 'teleport', id: -1 }, { op: 'teleport', id: 0 });
    const errors = [await peer.next('error'), await peer.next('error'), await peer.next('error')];
    const expected = [[7, 'unknown-op'], [undefined, 'unknown-op'], [undefined, 'unknown-op']];
    assert.deepEqual(errors.map(({ id, code }) => [id, code]), expected);
    assert.deepEqual(await peer.settle(), []);
  });

  conversation('heartbeat: a client that says nothing is dropped', { heartbeat: 1000 }, async (server) => {
    const peer = await Peer.welcomed(server);
    assert.equal((await peer.next('closed')).code, 4006);
  });

  conversation('goaway: is told, and then the server goes', {}, async (server) => {
    const peer = await Peer.welcomed(server);
    const gone = server.goodbye();
    await peer.next('goaway');
    assert.equal((await peer.next('closed')).code, 1001);
    await gone;
  });

  // The client stops reading, so the socket fills up; the bounds are far below what is published.
  const tight = { maxBufferedBytes: 1_048_576, history: 10 };

  async function publishMegabytes(server, channel, megabytes) {
    for (let count = 0; count < megabytes; ++count) {
      await server.publish(channel, ...Array(100).fill('x'.repeat(10_000)));
    }
  }

  conversation('latest only: a slow client is told how many it does not get, and gets the newest', tight, async (server) => {
    const peer = await Peer.welcomed(server);
    await peer.subscribe('chat/c', { conflate: true });
    peer.socket.pause();
    await publishMegabytes(server, 'chat/c', 20);
    peer.socket.resume();
    let position = 0;
    let skipped = 0;
    while (position < 2000) {
      const event = await peer.next('event');
      assert.equal(event.seq, position + 1 + event.skipped);
      position = event.seq;
      skipped += event.skipped;
    }
    assert.ok(skipped > 50);
    assert.deepEqual(await peer.settle(), []);
  });

  conversation('reliable: a client that is too slow is closed, and no other one is', tight, async (server) => {
    const [slow, other] = [await Peer.welcomed(server, 'slow'), await Peer.welcomed(server, 'other')];
    await slow.subscribe('chat/c');
    await other.subscribe('chat/c');
    slow.socket.pause();
    // As fast as the other one reads, so that it is never slow itself.
    for (let seq = 0; seq < 2000; ) {
      await server.publish('chat/c', ...Array(10).fill('x'.repeat(10_000)));
      for (const end = seq + 10; seq < end; ++seq) assert.equal((await other.next('event')).seq, seq + 1);
    }
    assert.deepEqual(await other.settle(), []);
    slow.socket.resume();
    assert.deepEqual(await slow.ended(), ['too-slow', 4005]);
  });
}
