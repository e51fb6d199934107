// How a page takes the messages of a server apart, without a browser. That it reads heads as C++ does is a matter of
// the contract's vectors and of the fuzz target `page`.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { importWebModule } from '../support/web_module.mjs';

const { createMessages } = await importWebModule('messages.js');
const { read, eachField } = createMessages();

const event = (fields = {}) => JSON.stringify({ op: 'event', channel: 'c', seq: 1, ...fields });
const framed = (...messages) => {
  const buffers = messages.map((message) => Buffer.from(message));
  assert.ok(buffers.every(({ length }) => length < 0x80));
  return new Uint8Array(Buffer.concat(buffers.flatMap((message) => [Buffer.from([message.length]), message]))).buffer;
};
const bodyOf = (payload) => [...read(payload, () => false)][0].body;
const bytesOf = (buffer) => {
  assert.ok(buffer instanceof ArrayBuffer);
  return [...new Uint8Array(buffer)];
};

test('body: text is a string, whatever carried it', () => {
  assert.equal(bodyOf(`${event()}\né\n`), 'é\n');
  assert.equal(bodyOf(framed(`${event()}\né\x1e`)), 'é\x1e');
  assert.equal(bodyOf(framed(`${event({ type: 'text' })}\n\ufeff`)), '\ufeff');
});

test('body: bytes are a buffer of their own, whatever carried them', () => {
  assert.deepEqual(bytesOf(bodyOf(`${event({ type: 'bytes' })}\né`)), [0xc3, 0xa9]);
  const payload = framed(`${event({ type: 'bytes' })}\nab`);
  const body = bodyOf(payload);
  new Uint8Array(payload).fill(0);
  assert.deepEqual(bytesOf(body), [0x61, 0x62]);
});

test('body: none and an empty one are different things', () => {
  assert.equal(bodyOf(event()), undefined);
  assert.equal(bodyOf(`${event()}\n`), '');
  assert.deepEqual(bytesOf(bodyOf(`${event({ type: 'bytes' })}\n`)), []);
  assert.deepEqual(bytesOf(bodyOf(framed(`${event({ type: 'bytes' })}\n`))), []);
});

test('body: a text body that is not UTF-8 is null', () => {
  const message = Buffer.concat([Buffer.from(`${event()}\n`), Buffer.from([0xff])]);
  assert.equal(bodyOf(framed(message)), null);
});

test('framing: nothing is read behind malformed framing', () => {
  for (const payload of ['', 'a\x1e', '\x1ea', 'a\x1e\x1eb', framed(''), new Uint8Array([0x85, 0x61]).buffer]) {
    const all = [...read(payload, () => false)];
    assert.equal(all.at(-1), null);
    assert.equal(all.indexOf(null), all.length - 1);
  }
});

test('framing: a length may be longer than it has to be, but not endless', () => {
  const { head } = [...read(new Uint8Array([0x82, 0x80, 0x80, 0x80, 0x00, 0x7b, 0x7d]).buffer, () => false)][0];
  assert.deepEqual(head, {});
  assert.deepEqual([...read(new Uint8Array([0x82, 0x80, 0x80, 0x80, 0x80, 0x00, 0x7b, 0x7d]).buffer, () => false)], [null]);
});

test('head: one that nests more than 64 levels is none', () => {
  const nested = (levels) => `{"op":"ack","id":1,"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
  const headOf = (payload) => [...read(payload, () => false)][0].head;
  assert.equal(headOf(nested(64)).id, 1);
  assert.equal(headOf(nested(65)), undefined);
  assert.equal(headOf(nested(8_000)), undefined);
});

test('head: a field is taken from the head itself only', () => {
  const fields = [];
  eachField(JSON.parse('{"__proto__":{"op":"ack"},"dedup.count":1,"dedup":{"count":"x"},"seq":null}'), (...field) => {
    fields.push(field);
  });
  const { FIELDS, TYPES } = createMessages();
  const told = fields.map(([place, type]) => `${FIELDS[place]} ${TYPES[type]}`);
  assert.deepEqual(told, ['dedup object', 'dedup.count string', 'seq other']);
});
