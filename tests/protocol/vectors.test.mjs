// The vectors, held against a second implementation of the specification.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { bytesOf } from './vector_bytes.mjs';
import { Malformed, joinBinary, joinText, needsBinary, readHead, split } from './wire.mjs';

const cases = (file) => JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url)));

const partsOf = (messages) =>
  messages.map(({ head, body }) => ({ head: bytesOf(head), ...(body !== undefined && { body: bytesOf(body) }) }));

test('vectors: every WebSocket message comes apart as the vectors say', () => {
  for (const { name, kind, payload, messages, malformed } of cases('framing.json')) {
    const read = () => split(bytesOf(payload), kind === 'binary');
    if (malformed) {
      assert.throws(read, Malformed, name);
    } else {
      assert.deepEqual(read(), partsOf(messages), name);
    }
  }
});

test('vectors: joining the messages of a case gives its WebSocket message', () => {
  for (const { name, kind, payload, messages, readOnly } of cases('framing.json')) {
    if (kind !== 'text' || messages === undefined || readOnly) continue;
    const parts = partsOf(messages);
    assert.ok(!parts.some(({ body }) => needsBinary(body)), name);
    assert.deepEqual(joinText(parts), bytesOf(payload), name);
    assert.deepEqual(split(joinBinary(parts), true), parts, name);
  }
});

for (const to of ['client', 'server']) {
  test(`vectors: every head for a ${to} is read as the vectors say`, () => {
    const heads = cases('heads.json').filter((each) => each.to === to);
    assert.ok(heads.length > 50);
    for (const { name, head, value, unknown, malformed } of heads) {
      const read = () => readHead(bytesOf(head), to);
      if (malformed) {
        assert.throws(read, Malformed, name);
      } else if (unknown) {
        assert.ok(read().unknown, name);
      } else {
        // Minus zero is zero.
        assert.deepEqual(JSON.parse(JSON.stringify(read())), value, name);
      }
    }
  });
}
