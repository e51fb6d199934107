// The conversations of the protocol, and its vectors, held against the ticker server.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { hold } from '../protocol/conversations.mjs';
import { bytesOf } from '../protocol/vector_bytes.mjs';
import { Malformed, joinBinary, readHead, split } from '../protocol/wire.mjs';
import { LIMIT } from './ticker_server_clients.mjs';
import { Peer, startStream, streamFor } from './ticker_server_stream_server.mjs';

hold(startStream);

const cases = (file) => JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url)));

/** What a head is to a server: "malformed", "unknown", or its operation. */
function kindOf(head) {
  try {
    const read = readHead(head, 'server');
    return read.unknown ? 'unknown' : read.op;
  } catch (error) {
    assert.ok(error instanceof Malformed);
    return 'malformed';
  }
}

/** The codes of the errors, and of the Close frame if there is one, up to the answer to a ping. */
async function answers(peer, payload, options) {
  peer.socket.send(payload, options);
  peer.send({ op: 'ping', t: 7 });
  const codes = [];
  for (;;) {
    const message = await peer.any();
    if (message.op === 'pong' && message.t === 7) {
      const rest = await peer.settle(); // Pongs come ahead of the rest.
      return [...codes, ...rest.filter(({ op }) => op === 'error').map(({ code }) => code)];
    }
    if (message.op === 'error' || message.op === 'closed') codes.push(message.code);
    if (message.op === 'closed') return codes;
  }
}

test('stream: every head of the vectors is malformed, unknown or neither, as they say', LIMIT, async (context) => {
  const server = await streamFor(context);
  for (const { name, head, to, malformed, unknown } of cases('heads.json')) {
    const bytes = bytesOf(head);
    const kind = kindOf(bytes);
    if (to === 'server') assert.equal(kind === 'malformed', malformed === true, name);
    if (to === 'server') assert.equal(kind === 'unknown', unknown === true, name);
    if (kind === 'hello') continue;
    const peer = await Peer.welcomed(server);
    const codes = await answers(peer, joinBinary([{ head: bytes }]), { binary: true });
    if (kind === 'malformed') {
      assert.deepEqual(codes, ['malformed', 4000], name);
    } else {
      assert.equal(codes.includes('malformed'), false, name);
      assert.equal(codes.includes('unknown-op'), kind === 'unknown', name);
      peer.socket.terminate();
    }
  }
});

test('stream: every hello of the vectors is welcomed or refused, as they say', LIMIT, async (context) => {
  const server = await streamFor(context);
  for (const { name, head, value, malformed } of cases('heads.json').filter((each) => each.name.startsWith('hello'))) {
    const peer = await Peer.connect(server);
    peer.send(bytesOf(head).toString());
    if (malformed) {
      assert.deepEqual(await peer.refused(), ['malformed', 4000], name);
    } else if (value.v !== 1) {
      assert.deepEqual(await peer.refused(), ['unsupported-version', 4003], name);
    } else {
      await peer.next('welcome');
      peer.socket.terminate();
    }
  }
});

/** The codes that the messages of a case bring, one after the other. */
function expectedOf({ kind, payload, messages, malformed }) {
  const codes = [];
  for (const { head } of malformed ? [] : split(bytesOf(payload), kind === 'binary')) {
    if (kindOf(head) === 'malformed') return [...codes, 'malformed', 4000];
    codes.push('unknown-op'); // The vectors' messages are for clients.
  }
  return malformed ? ['malformed', 4000] : codes;
}

test('stream: every WebSocket message of the vectors comes apart as they say', LIMIT, async (context) => {
  const server = await streamFor(context);
  for (const each of cases('framing.json')) {
    const peer = await Peer.welcomed(server);
    const codes = await answers(peer, bytesOf(each.payload), { binary: each.kind === 'binary' });
    const expected = expectedOf(each);
    // What stands before what is malformed may have been answered.
    assert.deepEqual(each.malformed ? codes.slice(-2) : codes, expected, each.name);
    if (each.malformed) assert.ok(codes.slice(0, -2).every((code) => code === 'unknown-op'), each.name);
    peer.socket.terminate();
  }
});
