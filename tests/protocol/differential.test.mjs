// Readings of the specification, the library's and the ticker server's, held against the one in wire.mjs over the heads
// of the vectors and, mutated, over such that nobody has thought of. TIDEWIRE_HEADS_SEED repeats a run.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { bytesOf } from './vector_bytes.mjs';
import { Malformed, readHead } from './wire.mjs';

const built = (name) => new URL(`../../build/native-release/tests/protocol/${name}`, import.meta.url).pathname;
const programs = {
  client: process.env.READ_HEADS ?? built('read_heads'),
  server: process.env.READ_CLIENT_HEADS ?? built('read_client_heads'),
};
const count = 10_000;

/** Mulberry32: small, and the same everywhere. */
function generator(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return { below: (many) => next() % many, oneOf: (list) => list[next() % list.length] };
}

const buffers = (texts) => texts.map((text) => Buffer.from(text));
const values = buffers([
  ...['null', 'true', 'false', '"text"', '"bytes"', '{}', '[]', '[1,{"id":2}]'],
  ...['"a\\/b"', '"\\u00e9"', '""', '"é\u{1f600}"'],
  ...['"\\ud83d"', '"\\ude00"', '"\\ud83d\\ude00"', '"\\u0000"', '"\u007f"', '{"count":1,"ms":2}', '{"count":1e0}'],
  ...['0', '-0', '1', '1.0', '1e0', '10E-1', '1.5', '-1', '1e400', '-1e400', '1e-400', '0e999', '4e15'],
  ...['0.1e1', '1E+2'],
  ...[62, 63, 64].map((depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`),
  ...['9007199254740991', '9007199254740992', '9007199254740991.4', '18446744073709551616', `1${'0'.repeat(310)}`],
]);
const fields = buffers([
  ...['"op":"ack",', '"id":7,', '"id":"7",', '"seq":1e400,', '"x":"\\ud83d",', '"x":{"op":[1,{"id":2}]},'],
  ...['"dedup":{"count":1,"ms":2},', '"dedup":7,', '"count":3,', '"ms":4,', '"\\u006fp":"pong",', '"":0,'],
  ...['"now":1,"t":2,', '"__proto__":1,', '"since":{"epoch":"e","seq":3},', '"conflate":true,', '"last":9,'],
]);
const junk = [
  ...buffers([...'"\\{}[]:, \t\r\n\0\u007f\ufeff', 'é', '\\ud83d', '\\x', '\\u12', '/**/', 'NaN']),
  ...buffers(['01', '+1', '.5', '1.']),
  // No UTF-8: a byte of none, too long a form, half a pair, too high, cut.
  ...['ff', 'c080', 'eda080', 'f4908080', 'e282'].map((bytes) => Buffer.from(bytes, 'hex')),
];

function mutate(head, { below, oneOf }) {
  const text = head.toString('latin1');
  const replace = (begin, end, middle) => Buffer.concat([head.subarray(0, begin), middle, head.subarray(end)]);
  const placesOf = (pattern) => [...text.matchAll(pattern), { index: below(head.length + 1), 0: '' }];
  const ends = ({ index, 0: { length } }) => index + length;
  const at = below(head.length + 1);
  switch (below(8)) {
    case 0:
      return replace(at, at + below(3), oneOf(junk));
    case 1:
      return replace(at, at + below(8), Buffer.alloc(0));
    case 2:
      return replace(at, at, head.subarray(at, at + below(8)));
    case 3: {
      const begin = ends(oneOf(placesOf(/[{,]/g)));
      return replace(begin, begin, oneOf(fields));
    }
    case 4: {
      const gap = ends(oneOf(placesOf(/[{}:,]/g)));
      return replace(gap, gap, Buffer.from(oneOf([' ', '\t', '\r', ' \r\t'])));
    }
    default: {
      const begin = ends(oneOf(placesOf(/:/g)));
      const [value] = /^("(?:[^"\\]|\\.)*"|[^,}]*)/.exec(text.slice(begin));
      return replace(begin, begin + value.length, oneOf(values));
    }
  }
}

/** A newline ends a head, so there is none in one. */
function asFramed(head) {
  const end = head.indexOf('\n');
  return end < 0 ? head : head.subarray(0, end);
}

function readHere(head, to) {
  try {
    const { unknown, ...read } = readHead(head, to);
    // No message and an empty one are the same to a client, as a token is to the ticker server.
    for (const name of ['message', 'token']) {
      if (read[name] === '' && read.op !== 'auth') delete read[name];
    }
    return unknown ? 'unknown' : JSON.parse(JSON.stringify(read)); // Minus zero is zero.
  } catch (error) {
    assert.ok(error instanceof Malformed, error.stack);
    return 'malformed';
  }
}

function readThere(heads, to) {
  const input = heads.flatMap((head) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(head.length);
    return [length, head];
  });
  const { status, stdout } = spawnSync(programs[to], { input: Buffer.concat(input), maxBuffer: 2 ** 28 });
  assert.equal(status, 0);
  return stdout.toString().trimEnd().split('\n').map((line) => JSON.parse(line));
}

/** Section 2.2 lets a receiver overlook what a later field of the same name replaces. */
function mayBeOverlooked(head) {
  const text = head.toString('latin1');
  let names = 0;
  try {
    JSON.parse(text, (name, value) => {
      names += typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value).length : 0;
      return value;
    });
  } catch {
    return false;
  }
  const suspicious = /\\u[dD][89a-fA-F]|[eE]\+?\d{3}|\d{300}|(?:[[{][^[{]*){64}/.test(text);
  return suspicious && [...text.matchAll(/"(?:[^"\\]|\\.)*"\s*:/g)].length > names;
}

for (const to of Object.keys(programs)) {
  test(`heads: two readers for a ${to} agree on mutated heads`, { timeout: 60_000 }, () => compare(to));
}

function compare(to) {
  const seed = Number(process.env.TIDEWIRE_HEADS_SEED ?? randomInt(2 ** 32));
  console.log(`TIDEWIRE_HEADS_SEED=${seed}`);
  const vectors = JSON.parse(readFileSync(new URL('../vectors/heads.json', import.meta.url)));
  const addressed = vectors.filter((each) => each.to === to);
  const heads = addressed.map(({ head }) => bytesOf(head));
  const sound = addressed.filter(({ malformed }) => !malformed).map(({ head }) => bytesOf(head));
  const short = sound.filter(({ length }) => length < 1_000);
  const random = generator(seed);
  while (heads.length < count) {
    let head = random.oneOf(short);
    for (let changes = 1 + random.below(2); changes > 0; --changes) head = mutate(head, random);
    heads.push(asFramed(head));
  }

  const there = readThere(heads, to);
  assert.equal(there.length, heads.length);
  const verdicts = { read: 0, unknown: 0, malformed: 0, overlooked: 0 };
  heads.forEach((head, index) => {
    const here = readHere(head, to);
    if ((here === 'malformed') !== (there[index] === 'malformed') && mayBeOverlooked(head)) {
      ++verdicts.overlooked;
      return;
    }
    assert.deepEqual(there[index], here, `${JSON.stringify(head.toString('latin1'))}, seed ${seed}`);
    ++verdicts[typeof here === 'string' ? here : 'read'];
  });
  console.log(JSON.stringify(verdicts));
  assert.ok(verdicts.read > count / 20 && verdicts.malformed > count / 20 && verdicts.overlooked < count / 100);
}
