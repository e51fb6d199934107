// The proxy of the loss test: it forwards what it does not harm, and harms as its seed says.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';

import { dice, startProxy } from './proxy.mjs';

/** A server that sends back what comes. */
async function startEcho(context) {
  const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  return server.address().port;
}

async function proxyFor(context, options) {
  const proxy = await startProxy({ target: await startEcho(context), seed: 1, ...options });
  context.after(() => proxy.stop());
  return proxy;
}

test('dice: a seed determines them', () => {
  const throws = (seed) => Array.from({ length: 20 }, ((some) => () => some.below(1000))(dice(seed)));
  assert.deepEqual(throws(1), throws(1));
  assert.notDeepEqual(throws(1), throws(2));
});

test('a calm proxy forwards everything, and both ends', async (context) => {
  const proxy = await proxyFor(context);
  proxy.calm();
  const socket = net.connect(proxy.port, '127.0.0.1');
  const sent = Buffer.alloc(3_000_000, 'abc');
  socket.end(sent);
  const came = [];
  for await (const chunk of socket) came.push(chunk);
  assert.ok(Buffer.concat(came).equals(sent));
  assert.equal(proxy.cuts, 0);
});

test('a server that is not there is told by a reset', async (context) => {
  const proxy = await proxyFor(context);
  const closed = net.createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  proxy.target = closed.address().port;
  await new Promise((resolve) => closed.close(resolve));
  const socket = net.connect(proxy.port, '127.0.0.1');
  const [error] = await once(socket, 'error');
  assert.equal(error.code, 'ECONNRESET');
});

test('connections are harmed in every way, and what comes through is the beginning of what was sent', async (context) => {
  const proxy = await proxyFor(context, { harm: { bytes: 5000, stallMs: 20, outageMs: 5, lingerMs: 20 } });
  const kinds = ['reset', 'resetClient', 'resetServer', 'finishClient', 'finishServer', 'freeze', 'stall', 'delay'];
  const sent = Buffer.from(Array.from({ length: 40_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
  while (kinds.some((kind) => !proxy.counts[kind])) {
    const socket = net.connect(proxy.port, '127.0.0.1');
    const came = [];
    socket.on('data', (chunk) => came.push(chunk)).on('error', () => {});
    socket.write(sent);
    // As a client would that hears nothing any more.
    socket.setTimeout(100, () => socket.destroy());
    await new Promise((resolve) => socket.once('close', resolve));
    const bytes = Buffer.concat(came);
    assert.ok(bytes.equals(sent.subarray(0, bytes.length)));
  }
});
