import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';

import {
  CAN_MEASURE, Client, LIMIT, closeCode, echoes, frame, open, refusal, residentMiB, serverFor, upgraded,
} from './ticker_server_clients.mjs';

const MIB = 1024 * 1024;

/** Bytes that differ from place to place, so that a piece in the wrong place shows. */
function pattern(length) {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; ++i) {
    bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff;
  }
  return bytes;
}

test('echo: text and binary come back as they went, in order', LIMIT, async (context) => {
  const server = await serverFor(context);
  const client = await open(context, `${server.ws}/echo`);
  const messages = [
    'hello', Buffer.from('bytes'), '', Buffer.alloc(0), 'a\0b', Buffer.from([0, 255, 0]), 'Grüße, 世界 🌊', 'x',
    pattern(125), pattern(126), 'y'.repeat(65_535), pattern(65_536), pattern(65_537), 'é'.repeat(100_000),
  ];
  messages.forEach((message) => client.socket.send(message));
  assert.deepEqual(await client.first(messages.length), messages);
});

for (const [name, size] of [['1 MiB', MIB], ['64 MiB', 64 * MIB]]) {
  test(`echo: a message of ${name} comes back whole`, LIMIT, async (context) => {
    const server = await serverFor(context);
    const client = await open(context, `${server.ws}/echo`);
    const sent = pattern(size);
    client.socket.send(sent);
    const [received] = await client.first(1);
    assert.ok(sent.equals(received));
  });
}

test('echo: a client that reads only after it has sent 64 MiB is not waited for', LIMIT, async (context) => {
  const server = await serverFor(context);
  const client = await open(context, `${server.ws}/echo`);
  client.socket.pause();
  await client.sent(Buffer.alloc(64 * MIB, 1));
  client.socket.resume();
  const [received] = await client.first(1);
  assert.equal(received.length, 64 * MIB);
});

test('echo: a message above 64 MiB is refused with 1009', LIMIT, async (context) => {
  const server = await serverFor(context);
  const client = await open(context, `${server.ws}/echo`);
  client.socket.send(Buffer.alloc(64 * MIB + 1));
  assert.equal((await client.closed).code, 1009);
  assert.equal(client.messages.length, 0);
});

test('echo: the fragments of a message come back as one message', LIMIT, async (context) => {
  const server = await serverFor(context);
  const client = await open(context, `${server.ws}/echo`);
  client.socket.send('', { fin: false });
  client.socket.send('Gr', { fin: false });
  client.socket.ping('between');
  client.socket.send(Buffer.from([0xc3]), { fin: false });
  client.socket.send(Buffer.from([0xbc]), { fin: false });
  client.socket.send('', { fin: true });
  client.socket.send('next');
  assert.deepEqual(await client.first(2), ['Grü', 'next']);
});

test('echo: a ping is answered with its payload', LIMIT, async (context) => {
  const server = await serverFor(context);
  const client = await open(context, `${server.ws}/echo`);
  client.socket.ping('tide');
  const [payload] = await once(client.socket, 'pong');
  assert.equal(payload.toString(), 'tide');
});

test('echo: messages before a Close frame come back before the answer to it', LIMIT, async (context) => {
  const server = await serverFor(context);
  const client = await open(context, `${server.ws}/echo`);
  const messages = Array.from({ length: 1000 }, (_, i) => `${i} ${'x'.repeat(700)}`);
  messages.forEach((message) => client.socket.send(message));
  client.socket.close(4000, 'done');
  assert.deepEqual(await client.closed, { code: 4000, reason: 'done' });
  assert.deepEqual(client.messages, messages);
});

test('echo: a client that does not read is not read from either', { ...LIMIT, skip: !CAN_MEASURE }, async (context) => {
  const server = await serverFor(context);
  const client = await open(context, `${server.ws}/echo`);
  await echoes(context, server);
  const before = residentMiB(server.pid);
  client.socket.pause();
  const payload = pattern(MIB);
  const allSent = Promise.all(Array.from({ length: 100 }, () => client.sent(payload)));
  for (let i = 0; i < 50; ++i) {
    assert.ok(await echoes(context, server));
  }
  const grown = residentMiB(server.pid) - before;
  assert.ok(grown < 16, `the server grew by ${grown} MiB`);
  assert.ok(client.socket.bufferedAmount > 60 * MIB, `${client.socket.bufferedAmount} bytes are left to send`);
  client.socket.resume();
  await allSent;
  const received = await client.first(100);
  assert.ok(received.every((message) => payload.equals(message)));
});

test('echo: text that is not UTF-8 is refused with 1007', LIMIT, async (context) => {
  const server = await serverFor(context);
  for (const bad of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
    const socket = await upgraded(context, server.port, '/echo');
    socket.write(frame(0x81, bad));
    assert.equal(await closeCode(socket), 1007);
  }
});

test('echo: frames that break the protocol are refused with 1002', LIMIT, async (context) => {
  const server = await serverFor(context);
  for (const first of [0x80, 0x83, 0x8b, 0xc1, 0x09]) {
    const socket = await upgraded(context, server.port, '/echo');
    socket.write(frame(first, 'x'));
    assert.equal(await closeCode(socket), 1002, `first byte ${first}`);
  }
});

test('subprotocol: echo is chosen where it is offered, none where none is', LIMIT, async (context) => {
  const server = await serverFor(context);
  const chosen = async (protocols) => (await open(context, `${server.ws}/echo`, { protocols })).socket.protocol;
  assert.equal(await chosen([]), '');
  assert.equal(await chosen(['echo']), 'echo');
  assert.equal(await chosen(['tidewire.v9', 'echo']), 'echo');
});

test('subprotocol: a handshake that offers only others is answered with 400', LIMIT, async (context) => {
  const server = await serverFor(context);
  assert.equal(await refusal(`${server.ws}/echo`, { protocols: ['tidewire.v9'] }), 400);
});

test('server: a thousand clients are served at once', LIMIT, async (context) => {
  const server = await serverFor(context);
  const clients = Array.from({ length: 1000 }, () => new Client(`${server.ws}/echo`));
  context.after(() => clients.forEach((client) => client.socket.terminate()));
  await Promise.all(clients.map((client) => client.opened));
  clients.forEach((client, i) => client.socket.send(`client ${i}`));
  const answers = await Promise.all(clients.map((client) => client.first(1)));
  assert.ok(answers.every(([answer], i) => answer === `client ${i}`));
});
