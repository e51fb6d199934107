// What the ticker server does on /stream when a client asks for too much, reads too slowly or sends garbage.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

import { bytesOf } from '../protocol/vector_bytes.mjs';
import {
  CAN_MEASURE, LIMIT, connect, echoes, frame, handshake, open, readToEnd, readUntil, refusal, residentMiB, serverFor,
} from './ticker_server_clients.mjs';
import { Peer, keyOf, streamFor } from './ticker_server_stream_server.mjs';

for (const offered of [['tidewire.v1'], ['echo', 'tidewire.v1'], ['other', 'tidewire.v1', 'echo']]) {
  test(`handshake: of ${offered} tidewire.v1 is chosen on /stream`, LIMIT, async (context) => {
    const server = await serverFor(context);
    const client = await open(context, `${server.ws}/stream`, { protocols: offered });
    assert.equal(client.socket.protocol, 'tidewire.v1');
    // Elsewhere it is not, whatever was chosen before.
    const echo = await open(context, `${server.ws}/echo`, { protocols: [...new Set([...offered, 'echo'])] });
    assert.equal(echo.socket.protocol, 'echo');
  });
}

for (const offered of [[], ['echo'], ['tidewire.v2'], ['TIDEWIRE.V1']]) {
  test(`handshake: an offer of ${offered.join() || 'nothing'} is refused on /stream`, LIMIT, async (context) => {
    const server = await serverFor(context);
    assert.equal(await refusal(`${server.ws}/stream`, { protocols: offered }), 400);
    assert.ok(await echoes(context, server));
  });
}

test('handshake: the refusal names the subprotocol to offer', LIMIT, async (context) => {
  const server = await serverFor(context);
  const socket = await connect(context, server.port);
  const answer = readToEnd(socket);
  socket.write(handshake('/stream'));
  assert.match((await answer).toString(), /^HTTP\/1\.1 400 [^]*tidewire\.v1: offer it/);
});

test('handshake: tidewire.v1 alone is refused elsewhere', LIMIT, async (context) => {
  const server = await serverFor(context);
  assert.equal(await refusal(`${server.ws}/ticker`, { protocols: ['tidewire.v1'] }), 400);
});

test('limits: a message of more than 64 KiB before the welcome is too big', LIMIT, async (context) => {
  const server = await streamFor(context);
  const hello = JSON.stringify({ op: 'hello', v: 1, session: keyOf('k') });
  const fits = await Peer.connect(server);
  fits.send([hello, 'x'.repeat(65_536 - hello.length - 1)]);
  await fits.next('welcome');
  const exceeds = await Peer.connect(server);
  exceeds.send([hello, 'x'.repeat(65_536 - hello.length)]);
  assert.deepEqual(await exceeds.refused(), ['too-large', 1009]);
});

test('limits: a message of more than 1 MiB is too big', LIMIT, async (context) => {
  const server = await streamFor(context);
  const ping = '{"op":"ping","t":1}';
  const peer = await Peer.welcomed(server);
  peer.send([ping, 'x'.repeat(1_048_576 - ping.length - 1)]);
  await peer.next('pong');
  peer.send([ping, 'x'.repeat(1_048_576 - ping.length)]);
  assert.deepEqual(await peer.refused(), ['too-large', 1009]);
});

test('limits: a message that never ends is too big', LIMIT, async (context) => {
  const server = await streamFor(context);
  const peer = await Peer.connect(server);
  for (let i = 0; i < 10; ++i) peer.socket.send('x'.repeat(10_000), { fin: false });
  assert.deepEqual(await peer.refused(), ['too-large', 1009]);
});

test('limits: a body that is too large is an error of its message', LIMIT, async (context) => {
  const server = await streamFor(context, { args: ['--max-body', '1000'] });
  const peer = await Peer.welcomed(server);
  peer.publish({ id: 1, channel: 'chat/c' }, 'x'.repeat(1000));
  assert.equal((await peer.next('ack')).seq, 1);
  peer.publish({ id: 2, channel: 'chat/c' }, 'x'.repeat(1001));
  const { id, code } = await peer.next('error');
  assert.deepEqual([id, code], [2, 'too-large']);
  peer.publish({ channel: 'chat/c' }, 'x'.repeat(1001)); // Without an id, nobody waits for an answer.
  assert.deepEqual(await peer.settle(), []);
});

test('limits: publishing too fast is refused for a while, and refused publishes have no effect', LIMIT, async (context) => {
  const server = await streamFor(context, { publishRate: 10 });
  const peer = await Peer.welcomed(server);
  const ids = Array.from({ length: 30 }, (_, index) => index + 1);
  peer.send(...ids.map((id) => [{ op: 'publish', id, channel: 'chat/c' }, 'x']));
  const answers = await peer.settle();
  const acks = answers.filter(({ op }) => op === 'ack');
  const errors = answers.filter(({ op }) => op === 'error');
  assert.ok(acks.length >= 20 && acks.length < 25, `${acks.length} acks`);
  assert.ok(errors.every(({ code, temporary }) => code === 'rate-limited' && temporary));
  assert.equal(acks.length + errors.length, 30);
  const other = await Peer.welcomed(server, 'other'); // The limit is each client's own.
  other.publish({ id: 1, channel: 'chat/c' }, 'x');
  assert.equal((await other.next('ack')).seq, acks.length + 1);
  let again; // It was not done, so it can be sent again, until it is.
  do {
    peer.publish({ id: 30, channel: 'chat/c' }, 'x');
    again = await peer.any();
  } while (again.code === 'rate-limited');
  assert.equal(again.seq, acks.length + 2);
});

test('slow reader: pings of a client that reads nothing are read', LIMIT, async (context) => {
  const args = ['--history-bytes', '100000000', '--symbols', 'AAPL', '--speed', '10'];
  const server = await streamFor(context, { heartbeat: 1000, history: 10_000, args });
  const peer = await Peer.welcomed(server);
  await peer.subscribe('chat/c');
  peer.socket.pause();
  let pings = 0;
  const live = () => peer.send({ op: 'ping', t: ++pings });
  for (let i = 0; i < 100; ++i) {
    live();
    await server.publish('chat/c', ...Array(10).fill('x'.repeat(10_000)));
  }
  // Until one that came later, and says nothing, is ended; ticks set the pace.
  const clock = await Peer.welcomed(server, 'clock');
  await clock.subscribe('ticker/AAPL');
  let silentIsOver = false;
  (await Peer.welcomed(server, 'silent')).closed().then(() => (silentIsOver = true));
  while (!silentIsOver) {
    live();
    await server.publish('chat/d', 'x');
    clock.send({ op: 'ping', t: 1 });
    while ((await clock.any()).op !== 'event');
  }
  peer.socket.resume();
  const came = { event: 0, pong: 0 };
  while (came.event < 1000 || came.pong < pings) ++came[(await peer.any()).op];
});

// --- Answers: a client that has many to take is not read meanwhile ---

/** A server, and how to ask it for some 79 kB. */
async function largeAnswers(context, options = {}) {
  const args = ['--symbols', 'AAPL', '--speed', '1000'];
  const server = await streamFor(context, { ...options, args: [...args, ...(options.args ?? [])] });
  const peer = await Peer.welcomed(server, 'waits-for-history');
  await peer.subscribe('ticker/AAPL');
  while ((await peer.next('event')).seq < 1000);
  await peer.close();
  const ask = (id) => [{ op: 'request', id, method: 'history' }, '{"symbol":"AAPL","count":1000}'];
  return { server, ask: (count) => Array.from({ length: count }, (_, index) => ask(index + 1)) };
}

async function takeReplies(peer, count) {
  for (let id = 1; id <= count; ++id) {
    const reply = await peer.next('reply');
    assert.equal(reply.id, id);
    assert.ok(reply.body.length > 70_000);
  }
}

test('answers: a client that reads gets all, however many it requests at once', LIMIT, async (context) => {
  const { server, ask } = await largeAnswers(context);
  const peer = await Peer.welcomed(server, 'pipelined');
  peer.send(...ask(200));
  await takeReplies(peer, 200);
  for (const request of ask(200)) peer.send(request);
  await takeReplies(peer, 200);
  assert.deepEqual(await peer.settle(), []);
});

test('answers: acknowledgements may exceed the queue limit of a client many times', LIMIT, async (context) => {
  for (const maxBufferedBytes of [1, 1000]) {
    const server = await streamFor(context, { maxBufferedBytes });
    const peer = await Peer.welcomed(server);
    const ids = Array.from({ length: 1000 }, (_, index) => index + 1);
    peer.send(...ids.map((id) => [{ op: 'publish', id, channel: 'chat/c' }, 'x']));
    for (const id of ids) peer.publish({ id: 1000 + id, channel: 'chat/c' }, 'x');
    for (let id = 1; id <= 2000; ++id) assert.deepEqual(await peer.next('ack'), { op: 'ack', id, seq: id });
  }
});

test('answers: unread ones cost no memory and delay no other client', { ...LIMIT, skip: !CAN_MEASURE }, async (context) => {
  const { server, ask } = await largeAnswers(context, { heartbeat: 0 });
  const [flood, other] = [await Peer.welcomed(server, 'flood'), await Peer.welcomed(server, 'other')];
  const before = residentMiB(server.process.pid);
  flood.socket.pause();
  const requests = ask(50);
  const pings = Array(10_000).fill({ op: 'ping', t: 1 });
  for (let i = 0; i < 10; ++i) {
    flood.send(...requests);
    flood.send(...pings);
    assert.deepEqual(await other.settle(), []);
  }
  const grown = residentMiB(server.process.pid) - before;
  assert.ok(grown < 16, `the server grew by ${grown} MiB`);
  flood.socket.resume();
  const answers = { reply: 0, pong: 0 };
  while (answers.reply < 500 || answers.pong < 100_000) ++answers[(await flood.any()).op];
});

test('answers: a slow reader is not silent meanwhile', LIMIT, async (context) => {
  const { server, ask } = await largeAnswers(context, { heartbeat: 1000 });
  const peer = await Peer.welcomed(server);
  peer.socket.on('message', () => {
    peer.socket.pause();
    setTimeout(() => peer.socket.resume(), 10);
  });
  peer.send(...ask(400));
  await takeReplies(peer, 400);
  assert.deepEqual(await peer.settle(), []);
});

test('answers: a client that takes none for twice the heartbeat is too slow', LIMIT, async (context) => {
  const { server, ask } = await largeAnswers(context, { heartbeat: 1000 });
  const peer = await Peer.welcomed(server);
  peer.socket.pause();
  for (const request of ask(400)) peer.send(request); // What the server has not read, the system has.
  // Clients that say nothing are ended after the same time; the second came when the first had gone.
  for (const name of ['silent', 'silent-too']) await (await Peer.welcomed(server, name)).closed();
  peer.socket.resume();
  const [error, code] = await peer.ended();
  assert.deepEqual([error, code], ['too-slow', 4005]);
});

test('answers: a client with a constant stream of answers gets its events too', LIMIT, async (context) => {
  const { server, ask } = await largeAnswers(context, { args: ['--rooms', '1'] });
  const peer = await Peer.welcomed(server);
  await peer.subscribe('chat/c');
  peer.socket.pause();
  peer.send(...ask(400));
  const other = await Peer.welcomed(server, 'other');
  await other.settle();
  await server.publish('chat/c', ...Array(10).fill('x'));
  peer.socket.resume();
  const came = [];
  while (came.length < 410) came.push((await peer.any()).op);
  assert.ok(came.lastIndexOf('event') < 300, `the last event came in place ${came.lastIndexOf('event')}`);
});

test('answers: subscribed comes before the events of its subscription', LIMIT, async (context) => {
  const { server, ask } = await largeAnswers(context);
  await server.publish('chat/c', ...Array(100).fill('x'.repeat(1000)));
  const peer = await Peer.welcomed(server);
  const subscribe = { op: 'subscribe', id: 1, channel: 'chat/c', last: 100 };
  const unsubscribe = { op: 'unsubscribe', id: 2, channel: 'chat/c' };
  peer.send(...ask(20), subscribe, unsubscribe, subscribe, ...ask(20), unsubscribe, subscribe, ...ask(20));
  let live = false;
  let events = 0;
  for (let replies = 0; replies < 60 || events < 100; ) {
    const { op, seq } = await peer.any();
    replies += op === 'reply' ? 1 : 0;
    if (op === 'unsubscribed') [live, events] = [false, 0];
    if (op === 'subscribed') live = true;
    if (op === 'event') assert.ok(live && seq === ++events, `event ${seq} after ${events}, subscribed: ${live}`);
  }
  assert.equal((await peer.settle()).length, 0);
});

// --- What a client takes ---

test('hello: a reply that is larger than the client takes is an error of its request', LIMIT, async (context) => {
  const { server, ask } = await largeAnswers(context);
  const peer = await Peer.welcomed(server, 'small', { maxMessage: 70_000 });
  peer.send(...ask(1), { op: 'request', id: 2, method: 'symbols' });
  const { id, code, temporary } = await peer.next('error');
  assert.deepEqual([id, code, temporary], [1, 'too-large', false]);
  assert.equal((await peer.next('reply')).id, 2);
});

test('slow reader: pongs come ahead of the events that wait', LIMIT, async (context) => {
  const server = await streamFor(context, { maxBufferedBytes: 100_000_000, args: ['--history-bytes', '100000000'] });
  const peer = await Peer.welcomed(server);
  await peer.subscribe('chat/c');
  peer.socket.pause();
  for (let i = 0; i < 30; ++i) await server.publish('chat/c', ...Array(100).fill('x'.repeat(10_000)));
  peer.send({ op: 'ping', t: 1 });
  await server.publish('chat/c', 'behind');
  peer.socket.resume();
  let before = 0;
  while ((await peer.any()).op !== 'pong') ++before;
  let behind = 0;
  while ((await peer.next('event')).body !== 'behind') ++behind;
  context.diagnostic(`${before} events before the pong, ${behind} behind it`);
  assert.ok(behind > 1000);
});

test('slow reader: pongs come ahead of the answers that wait', LIMIT, async (context) => {
  const peer = await Peer.welcomed(await streamFor(context));
  peer.send({ op: 'request', id: 1, method: 'symbols' }, { op: 'ping', t: 1 });
  await peer.next('pong');
  await peer.next('reply');
});

const openFiles = (pid) => readdirSync(`/proc/${pid}/fd`).length;

test('slow reader: one that never reads is let go, and holds nothing back', { ...LIMIT, skip: !CAN_MEASURE }, async (context) => {
  const server = await streamFor(context, { maxBufferedBytes: 1_000_000, heartbeat: 0, args: ['--history-bytes', '1000000'] });
  await server.publish('chat/c', 'x');
  const before = { files: openFiles(server.process.pid), size: residentMiB(server.process.pid) };
  for (let i = 0; i < 10; ++i) {
    const peer = await Peer.welcomed(server, `stuck-${i}`);
    context.after(() => peer.socket.terminate());
    await peer.subscribe('chat/c');
    peer.socket.pause();
  }
  assert.equal(openFiles(server.process.pid), before.files + 10);
  for (let i = 0; i < 50; ++i) await server.publish('chat/c', ...Array(100).fill('x'.repeat(10_000)));
  const grown = residentMiB(server.process.pid) - before.size;
  assert.ok(grown < 32, `the server grew by ${grown} MiB`);
  while (openFiles(server.process.pid) > before.files) await server.publish('chat/d', 'time goes by');
});

test('slow reader: it continues from a history that still has the next event', LIMIT, async (context) => {
  const server = await streamFor(context, { maxBufferedBytes: 50_000, history: 100_000, args: ['--history-bytes', '100000000'] });
  const peer = await Peer.welcomed(server);
  await peer.subscribe('chat/c');
  peer.socket.pause();
  for (let i = 0; i < 20; ++i) await server.publish('chat/c', ...Array(100).fill('x'.repeat(10_000)));
  peer.socket.resume();
  for (let seq = 1; seq <= 2000; ++seq) assert.equal((await peer.next('event')).seq, seq);
});

test('garbage: a head that nests more than 64 levels is malformed', LIMIT, async (context) => {
  const server = await streamFor(context);
  const nested = (levels) => `{"op":"ping","t":1,"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
  for (const head of [nested(65), nested(8_000), `{"op":"ping","t":1,"x":${'['.repeat(16_000)}`]) {
    const peer = await Peer.welcomed(server);
    peer.send(nested(64));
    await peer.next('pong');
    peer.send(head);
    assert.deepEqual(await peer.refused(), ['malformed', 4000]);
  }
});

// The same sequence from the same seed, whatever the machine.
function randomFrom(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('garbage: heads with bytes changed at random do no harm', LIMIT, async (context) => {
  const server = await streamFor(context);
  const seed = Number(process.env.TIDEWIRE_SEED ?? Date.now() % 1_000_000);
  context.diagnostic(`TIDEWIRE_SEED=${seed}`);
  const random = randomFrom(seed);
  const heads = JSON.parse(readFileSync(new URL('../vectors/heads.json', import.meta.url)))
    .filter(({ to }) => to === 'server')
    .map(({ head }) => bytesOf(head));
  for (let count = 0; count < 500; ++count) {
    const peer = await Peer.connect(server);
    if (random(10) > 0) peer.send({ op: 'hello', v: 1, session: keyOf(`s${random(5)}`) });
    for (let i = 0; i < 20; ++i) {
      const parts = Array.from({ length: 1 + random(3) }, () => Buffer.from(heads[random(heads.length)]));
      if (random(3) === 0) parts[0][random(parts[0].length)] = random(256);
      const payload = parts.flatMap((part) => [Buffer.from([0x80 | (part.length & 0x7f), part.length >> 7]), part]);
      peer.socket.send(Buffer.concat(payload), { binary: true });
    }
    random(2) === 0 ? peer.socket.terminate() : peer.socket.close();
  }
  const peer = await Peer.welcomed(server, 'last');
  assert.deepEqual(await peer.settle(), []);
  assert.equal(server.process.stderr(), '');
});

test('garbage: frames that break RFC 6455 do no harm', LIMIT, async (context) => {
  const server = await serverFor(context);
  for (const bytes of [
    Buffer.from('82ff8000000000000000', 'hex'),
    frame(0x89, 'x'.repeat(126)),
    frame(0x81, Buffer.from('ff', 'hex')),
    Buffer.concat(Array(10_000).fill(frame(0x89, 'ping'))),
    Buffer.concat([frame(0x01, ''), ...Array(10_000).fill(frame(0x00, ''))]),
  ]) {
    const socket = await connect(context, server.port);
    socket.write(handshake('/stream', 'Sec-WebSocket-Protocol: tidewire.v1\r\n'));
    await readUntil(socket, /^HTTP\/1\.1 101 [^]*\r\n\r\n/);
    socket.write(frame(0x81, JSON.stringify({ op: 'hello', v: 1, session: keyOf('k') })));
    socket.write(bytes);
    assert.ok(await echoes(context, server));
    socket.destroy(); // Node 20 never exits once one that ends has been reset.
  }
  assert.equal(server.stderr(), '');
});

test('slow reader: a half-closed one that never reads delays no other client', LIMIT, async (context) => {
  const server = await streamFor(context);
  const socket = await connect(context, server.process.port);
  socket.write(handshake('/stream', 'Sec-WebSocket-Protocol: tidewire.v1\r\n'));
  await readUntil(socket, /^HTTP\/1\.1 101 [^]*\r\n\r\n/);
  socket.pause();
  socket.write(frame(0x81, JSON.stringify({ op: 'hello', v: 1, session: keyOf('k') })));
  socket.write(frame(0x81, JSON.stringify({ op: 'subscribe', id: 1, channel: 'chat/c' })));
  // More than the system takes for it, so that a part of a frame waits.
  for (let count = 0; count < 25; ++count) await server.publish('chat/c', 'x'.repeat(60_000));
  socket.end();
  await once(socket, 'finish');
  for (let count = 0; count < 10; ++count) await server.publish('chat/d', 'x');
});

test('batches: events published within the delay leave in one message', LIMIT, async (context) => {
  for (const [delay, together] of [[300, true], [0, false]]) {
    const server = await streamFor(context, { args: ['--batch-delay', String(delay)] });
    const peer = await Peer.welcomed(server, 'k');
    await peer.subscribe('chat/c');
    let messages = 0;
    peer.socket.on('message', () => ++messages);
    // One waits for the acknowledgement of the other, so that without a delay they leave apart.
    const other = await Peer.welcomed(server, 'other');
    for (let id = 1; id <= 3; ++id) {
      other.send([{ op: 'publish', channel: 'chat/c' }, 'x']);
      other.send({ op: 'publish', id, channel: 'chat/d' });
      if (!together) await other.next('ack');
    }
    for (let seq = 1; seq <= 3; ++seq) assert.equal((await peer.next('event')).seq, seq);
    assert.equal(messages === 1, together, `${messages} messages`);
  }
});

test('limits: a thousand clients get what one gets', LIMIT, async (context) => {
  const server = await streamFor(context);
  const peers = await Promise.all(Array.from({ length: 1000 }, (_, index) => Peer.welcomed(server, `c${index}`)));
  await Promise.all(peers.map((peer) => peer.subscribe('chat/c')));
  await server.publish('chat/c', ...Array(10).fill('x'));
  for (const peer of peers) {
    for (let seq = 1; seq <= 10; ++seq) assert.equal((await peer.next('event')).seq, seq);
  }
  peers.forEach((peer) => peer.socket.terminate());
});
