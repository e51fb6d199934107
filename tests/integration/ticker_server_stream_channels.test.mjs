// What the ticker server has on /stream: its channels, methods, sessions and tokens, and what it writes down of them.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { headOf } from '../protocol/conversations.mjs';
import { LIMIT, passed } from './ticker_server_clients.mjs';
import { Peer, keyOf, streamFor } from './ticker_server_stream_server.mjs';

const seqsOf = (events) => events.map(({ seq }) => seq);

async function eventsOf(peer, count) {
  const events = [];
  while (events.length < count) events.push(await peer.next('event'));
  return events;
}

/** Events of a thousand bytes, in portions whose answers may wait at once. */
async function publishMany(server, channel, count) {
  for (let left = count; left > 0; left -= 50) await server.publish(channel, ...Array(50).fill('x'.repeat(1000)));
}

test('tickers: each tick is an event of its symbol, with the same number', LIMIT, async (context) => {
  const server = await streamFor(context, { args: ['--speed', '100', '--symbols', 'AAPL,TSLA'] });
  const peer = await Peer.welcomed(server);
  await peer.subscribe('ticker/TSLA', { last: 1000 });
  const events = await eventsOf(peer, 20);
  const logged = server.process.logLines().filter(({ symbol }) => symbol === 'TSLA');
  events.forEach((event, index) => {
    assert.equal(event.seq, index + 1);
    assert.deepEqual(JSON.parse(event.body), logged[index]);
    assert.equal(event.ts, logged[index].ts);
  });
});

test('tickers: twenty symbols at 500 steps a second arrive without a hole', LIMIT, async (context) => {
  const symbols = Array.from({ length: 20 }, (_, index) => `S${index}`);
  const server = await streamFor(context, { args: ['--speed', '500', '--symbols', symbols.join(',')] });
  const peer = await Peer.welcomed(server);
  const places = new Map();
  for (const symbol of symbols) {
    const channel = `ticker/${symbol}`;
    peer.send({ op: 'subscribe', id: places.size + 1, channel });
    places.set(channel, undefined);
  }
  const begin = Date.now();
  for (let left = 20_000; left > 0; ) {
    const { op, channel, seq } = await peer.any();
    if (op !== 'event') continue;
    if (places.get(channel) !== undefined) assert.equal(seq, places.get(channel) + 1);
    places.set(channel, seq);
    --left;
  }
  context.diagnostic(`${Math.round(20_000 / ((Date.now() - begin) / 1000))} events a second`);
});

test('tickers: publishing is forbidden', LIMIT, async (context) => {
  const server = await streamFor(context);
  const peer = await Peer.welcomed(server);
  peer.publish({ id: 1, channel: 'ticker/AAPL' }, '{}');
  const { id, code, temporary } = await peer.next('error');
  assert.deepEqual([id, code, temporary], [1, 'forbidden', false]);
});

test('channels: others than those of symbols and rooms are unknown', LIMIT, async (context) => {
  const server = await streamFor(context);
  const peer = await Peer.welcomed(server);
  for (const channel of ['ticker/NONE', 'ticker/', 'chat/', 'chat', 'c', 'TICKER/AAPL']) {
    peer.send({ op: 'subscribe', id: 1, channel }, [{ op: 'publish', id: 2, channel }, 'x']);
    const codes = [(await peer.next('error')).code, (await peer.next('error')).code];
    assert.deepEqual(codes, ['unknown-channel', 'unknown-channel'], channel);
  }
});

test("methods: symbols, quote and history return the market's data", LIMIT, async (context) => {
  const server = await streamFor(context, { args: ['--speed', '100', '--symbols', 'AAPL,TSLA'] });
  const peer = await Peer.welcomed(server);
  assert.deepEqual(JSON.parse((await peer.request('symbols', '')).body), ['AAPL', 'TSLA']);
  await peer.subscribe('ticker/AAPL');
  await eventsOf(peer, 10);
  peer.send({ op: 'unsubscribe', id: 2, channel: 'ticker/AAPL' });
  await peer.settle();
  const history = JSON.parse((await peer.request('history', '{"symbol":"AAPL","count":5}')).body);
  const logged = server.process.logLines().filter(({ symbol }) => symbol === 'AAPL');
  assert.equal(history.length, 5);
  assert.deepEqual(history, logged.slice(history[0].seq - 1, history[0].seq + 4));
  const quote = JSON.parse((await peer.request('quote', '{"symbol":"AAPL"}')).body);
  assert.ok(quote.seq >= history[4].seq);
});

for (const [method, body, code] of [
  ['quote', '{"symbol":"NONE"}', 'unknown-channel'],
  ['quote', '{"symbol":1}', 'bad-request'],
  ['quote', '', 'bad-request'],
  ['quote', '[]', 'bad-request'],
  ['quote', '{"symbol":', 'bad-request'],
  ['history', '{"symbol":"AAPL","count":-1}', 'bad-request'],
  ['history', '{"symbol":"AAPL","count":"5"}', 'bad-request'],
  ['history', '{"count":5}', 'bad-request'],
  ['quote', '['.repeat(1024), 'bad-request'],
  ['quote', '['.repeat(1025), 'too-large'],
  ['nothing', '{}', 'unknown-method'],
]) {
  test(`methods: ${method} with ${body.slice(0, 30)} is answered with ${code}`, LIMIT, async (context) => {
    const peer = await Peer.welcomed(await streamFor(context));
    const answer = await peer.request(method, body);
    assert.deepEqual([answer.op, answer.code, answer.id], ['error', code, 1]);
    assert.deepEqual(await peer.settle(), []);
  });
}

test('history: events beyond the age limit are evicted', LIMIT, async (context) => {
  const server = await streamFor(context, { args: ['--history-age', '200'] });
  await server.publish('chat/c', 'old', 'old');
  const { epoch } = await headOf(server, 'chat/c');
  const early = await Peer.welcomed(server, 'early');
  assert.equal((await early.subscribe('chat/c', { since: { epoch, seq: 0 } })).recovered, true);
  for (let kept = true; kept; ) {
    const peer = await Peer.welcomed(server, 'asks');
    kept = (await peer.subscribe('chat/c', { since: { epoch, seq: 1 } })).recovered;
    await peer.close();
  }
  await server.publish('chat/c', 'young');
  const late = await Peer.welcomed(server, 'late');
  assert.equal((await late.subscribe('chat/c', { since: { epoch, seq: 1 } })).recovered, false);
  assert.deepEqual(await late.settle(), []);
  const other = await Peer.welcomed(server, 'other');
  assert.equal((await other.subscribe('chat/c', { since: { epoch, seq: 2 } })).recovered, true);
  assert.deepEqual(seqsOf(await other.settle()), [3]);
});

test('history: events beyond the byte limit are evicted', LIMIT, async (context) => {
  const server = await streamFor(context, { args: ['--history-bytes', '5000'] });
  await server.publish('chat/c', ...Array(10).fill('x'.repeat(1000)));
  const peer = await Peer.welcomed(server);
  const { from } = await peer.subscribe('chat/c', { last: 10 });
  assert.ok(from >= 6 && from < 9, `from ${from}`);
});

test('history: more than a client may have waiting is read on as it reads', LIMIT, async (context) => {
  const server = await streamFor(context, { maxBufferedBytes: 10_000, args: ['--history-bytes', '10000000'] });
  await publishMany(server, 'chat/c', 500);
  const peer = await Peer.welcomed(server);
  await peer.subscribe('chat/c', { last: 500 });
  await server.publish('chat/c', 'live');
  const events = await eventsOf(peer, 501);
  assert.deepEqual(seqsOf(events), Array.from({ length: 501 }, (_, index) => index + 1));
});

test('history: unsubscribing a waiting channel lets the others continue', LIMIT, async (context) => {
  const server = await streamFor(context, { maxBufferedBytes: 50_000, args: ['--history-bytes', '10000000'] });
  await publishMany(server, 'chat/a', 500);
  const peer = await Peer.welcomed(server);
  peer.send(
    { op: 'subscribe', id: 1, channel: 'chat/a', last: 500 },
    { op: 'subscribe', id: 2, channel: 'chat/b' },
    [{ op: 'publish', channel: 'chat/b' }, 'there is no room for it, behind those of the other channel'],
    { op: 'unsubscribe', id: 3, channel: 'chat/a' },
  );
  for (const op of ['subscribed', 'subscribed', 'unsubscribed']) await peer.next(op);
  const { channel, seq } = await peer.next('event');
  assert.deepEqual([channel, seq], ['chat/b', 1]);
});

test('history: each process has epochs of its own', LIMIT, async (context) => {
  const epochs = new Set();
  for (let i = 0; i < 3; ++i) {
    const server = await streamFor(context);
    epochs.add((await headOf(server, 'chat/c')).epoch);
    epochs.add((await headOf(server, 'ticker/AAPL')).epoch);
  }
  assert.equal(epochs.size, 6);
});

test('rooms: at the limit a room without subscribers makes way for a new one', LIMIT, async (context) => {
  const server = await streamFor(context, { args: ['--rooms', '2'] });
  const peer = await Peer.welcomed(server);
  await peer.subscribe('chat/a');
  const { epoch } = await headOf(server, 'chat/b');
  await server.publish('chat/b', 'x');
  await peer.subscribe('chat/c');
  const { code, temporary } = await peer.subscribeError('chat/d');
  assert.deepEqual([code, temporary], ['unavailable', true]);
  peer.publish({ id: 7, channel: 'chat/d' }, 'x');
  assert.equal((await peer.next('error')).code, 'unavailable');
  peer.send({ op: 'unsubscribe', id: 2, channel: 'chat/a' });
  await peer.next('unsubscribed');
  const again = await peer.subscribe('chat/b', { since: { epoch, seq: 1 } });
  assert.equal(again.recovered, false);
  assert.notEqual(again.epoch, epoch);
});

test('rooms: one that keeps nothing goes before one that keeps events', LIMIT, async (context) => {
  const server = await streamFor(context, { args: ['--rooms', '2'] });
  await server.publish('chat/kept', 'x');
  const { epoch } = await headOf(server, 'chat/kept');
  await headOf(server, 'chat/empty');
  await headOf(server, 'chat/next');
  assert.equal((await headOf(server, 'chat/kept')).epoch, epoch);
});

test('rooms: a client that makes as many as it can takes none from the others, and keeps none from them', LIMIT, async (context) => {
  const server = await streamFor(context);
  const ann = await Peer.welcomed(server, 'ann');
  const { epoch } = await ann.subscribe('chat/of-ann');
  ann.publish({ id: 2, channel: 'chat/of-ann' }, 'x');
  await ann.settle();
  await ann.close();

  const greedy = await Peer.welcomed(server, 'greedy');
  for (let room = 1; room <= 300; ++room) greedy.publish({ id: room, channel: `chat/g${room}` }, 'x');
  assert.equal((await greedy.settle()).filter(({ op }) => op === 'ack').length, 300);
  let codes = [];
  for (let room = 1; room <= 100; ++room) {
    greedy.send({ op: 'subscribe', id: 300 + room, channel: `chat/g${room}` });
    codes.push((await greedy.any()).code);
  }
  assert.deepEqual(codes, [...Array(25).fill(undefined), ...Array(75).fill('too-many-subscriptions')]);

  const bob = await Peer.welcomed(server, 'bob');
  for (let room = 1; room <= 20; ++room) await bob.subscribe(`chat/b${room}`);
  const again = await Peer.welcomed(server, 'ann');
  assert.equal((await again.subscribe('chat/of-ann', { since: { epoch, seq: 0 } })).recovered, true);
  assert.equal((await again.next('event')).body, 'x');
});

test('publish: a call resent across two reconnects is published once', LIMIT, async (context) => {
  const server = await streamFor(context);
  const acks = new Map();
  let memory;
  for (let round = 0; round < 5; ++round) {
    const peer = await Peer.welcomed(server, 'same', { memory });
    assert.equal(peer.welcome.resumed, round > 0);
    memory = peer.welcome.memory;
    const ids = Array.from({ length: 100 * (round + 1) }, (_, index) => index + 1);
    peer.send(...ids.map((id) => [{ op: 'publish', id, channel: 'chat/c' }, `message ${id}`]));
    for (const id of ids) {
      const ack = await peer.next('ack');
      assert.deepEqual(ack, { op: 'ack', id, seq: id });
      assert.deepEqual(acks.get(id) ?? ack, ack);
      acks.set(id, ack);
    }
    round % 2 === 0 ? peer.socket.terminate() : await peer.close();
  }
  assert.equal((await headOf(server, 'chat/c')).seq, 500);
});

test('publish: only the last ones of a session are remembered', LIMIT, async (context) => {
  const server = await streamFor(context, { args: ['--dedup-count', '2'] });
  const peer = await Peer.welcomed(server);
  assert.deepEqual(peer.welcome.dedup, { count: 2, ms: 120_000 });
  const publish = async (id) => {
    peer.publish({ id, channel: 'chat/c' }, 'x');
    return (await peer.next('ack')).seq;
  };
  for (const id of [1, 2, 3]) assert.equal(await publish(id), id);
  for (const id of [3, 2]) assert.equal(await publish(id), id);
  assert.equal(await publish(1), 4);
});

test('sessions: one is forgotten some time after its connection was lost', LIMIT, async (context) => {
  const server = await streamFor(context, { args: ['--dedup-ms', '200'] });
  const peer = await Peer.welcomed(server, 'same');
  await passed(context, server.process, 400);
  await peer.close(); // A session that is connected is not forgotten however long it lasts.
  const { memory } = peer.welcome;
  const again = await Peer.welcomed(server, 'same', { memory });
  assert.equal(again.welcome.resumed, true);
  await again.close();
  await passed(context, server.process, 400);
  assert.equal((await Peer.welcomed(server, 'same', { memory })).welcome.resumed, false);
});

test('sessions: of those that were lost, only the last are remembered', LIMIT, async (context) => {
  const server = await streamFor(context, { args: ['--max-sessions', '2'] });
  const memories = {};
  for (const name of ['a', 'b', 'c']) {
    const peer = await Peer.welcomed(server, name);
    memories[name] = peer.welcome.memory;
    await peer.close();
  }
  const resumed = [];
  for (const name of ['c', 'b', 'a']) {
    const { welcome } = await Peer.welcomed(server, name, { memory: memories[name] });
    resumed.push(welcome.resumed);
  }
  assert.deepEqual(resumed, [true, true, false]);
});

test('tokens: one that is not known, and none, are unauthorized', LIMIT, async (context) => {
  const server = await streamFor(context, { tokens: { t: 'ann' } });
  for (const fields of [{ token: 'x' }, {}]) {
    const peer = await Peer.connect(server);
    peer.send({ op: 'hello', v: 1, session: keyOf('k'), ...fields });
    assert.deepEqual(await peer.refused(), ['unauthorized', 4002]);
  }
});

test('tokens: a user may have several, and refresh one by another on a live connection', LIMIT, async (context) => {
  const server = await streamFor(context, { tokens: { t1: 'ann', t2: 'ann' }, args: ['--token-lifetime', '1000'] });
  const peer = await Peer.welcomed(server, 'k', { token: 't1' });
  const other = await Peer.welcomed(server, 'does-not-refresh', { token: 't1' });
  await passed(context, server.process, 300);
  peer.send({ op: 'auth', id: 1, token: 't2' });
  await peer.next('ack');
  assert.deepEqual(await other.refused(), ['token-expired', 4002]);
  assert.deepEqual(await peer.settle(), []);
  assert.deepEqual(await peer.refused(), ['token-expired', 4002]);
  const again = await Peer.connect(server);
  again.send({ op: 'hello', v: 1, session: keyOf('k'), token: 't1' });
  assert.deepEqual(await again.refused(), ['token-expired', 4002]);
});

test('stop: clients get goaway, those that leave get their own code, and the server ends with 0', LIMIT, async (context) => {
  const server = await streamFor(context);
  const [leaving, staying] = [await Peer.welcomed(server, 'leaving'), await Peer.welcomed(server, 'staying')];
  const begin = Date.now();
  const ended = server.goodbye();
  const { after, spread } = await leaving.next('goaway');
  assert.ok(after === 0 && spread < 1000);
  leaving.socket.close(1000);
  assert.equal((await leaving.next('closed')).code, 1000);
  await staying.next('goaway');
  staying.publish({ id: 1, channel: 'chat/c' }, 'x'); // The client goes on working.
  await staying.next('ack');
  assert.equal((await staying.next('closed')).code, 1001);
  assert.equal((await ended).code, 0);
  assert.ok(Date.now() - begin < 4000);
});

test('stop: who comes meanwhile is closed at once', LIMIT, async (context) => {
  const server = await streamFor(context);
  const staying = await Peer.welcomed(server, 'staying');
  const ended = server.goodbye();
  await staying.next('goaway');
  const late = await Peer.connect(server);
  const goesOn = staying.settle();
  assert.equal((await late.next('closed')).code, 1001);
  assert.deepEqual(await goesOn, []);
  staying.socket.close(1000);
  assert.equal((await ended).code, 0);
});

test('stop: is over at once when every client has left', LIMIT, async (context) => {
  const server = await streamFor(context);
  const peer = await Peer.welcomed(server);
  const begin = Date.now();
  const ended = server.goodbye();
  await peer.next('goaway');
  await peer.close();
  assert.equal((await ended).code, 0);
  assert.ok(Date.now() - begin < 900);
});

test('--stream-log: it has a line for each event, publish and eviction', LIMIT, async (context) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'stream-log-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'log.jsonl');
  const server = await streamFor(context, { history: 2, args: ['--stream-log', file, '--speed', '0.001'] });
  const peer = await Peer.welcomed(server, 'ann');
  for (const id of [1, 2, 3]) peer.publish({ id, channel: 'chat/c' }, 'x');
  peer.publish({ channel: 'chat/c' }, 'x');
  peer.publish({ id: 3, channel: 'chat/c' }, 'again');
  await peer.settle();
  const { epoch } = await headOf(server, 'chat/c');
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  const room = lines.filter((line) => line.channel === 'chat/c' || line.evicted === 'chat/c');
  const event = (seq) => ({ channel: 'chat/c', epoch, seq });
  const name = room.find(({ session }) => session)?.session; // The same for the same key, which it does not tell.
  assert.ok(name && !readFileSync(file, 'utf8').includes(keyOf('ann')));
  const publish = (id, seq) => ({ session: name, ...(id && { id }), channel: 'chat/c', seq });
  const evicted = (to) => ({ evicted: 'chat/c', to });
  assert.deepEqual(room, [
    event(1), publish(1, 1), event(2), publish(2, 2), event(3), evicted(1), publish(3, 3), event(4), evicted(2),
    publish(undefined, 4),
  ]);
  assert.equal(lines.filter(({ channel }) => channel === 'ticker/AAPL').length, 1);
});
