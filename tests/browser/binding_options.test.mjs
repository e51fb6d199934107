// What is wrong with an option has one text, in C++ and in JavaScript: tests/vectors/options.json. The same vectors run
// in tests/unit/options_vectors_test.cpp.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = process.env.TIDEWIRE_JS_DIST || path.join(HERE, '../../build/web-release/bindings/js/dist');
const VECTORS = JSON.parse(readFileSync(new URL('../vectors/options.json', import.meta.url), 'utf8'));

const { Client, Session } = await import(pathToFileURL(path.join(DIST, 'tidewire.js')));

// The wasm is not needed to find a fault.
function faultOf({ class: kind, url = 'ws://h.example/', options }) {
  try {
    const made = kind === 'Session' ? new Session(url, options) : new Client(url, options);
    made.dispose();
    return '';
  } catch (error) {
    assert.ok(error instanceof TypeError, String(error));
    return error.message;
  }
}

for (const vector of VECTORS) {
  const { class: kind, url = '', options, text } = vector;
  test(`options: ${kind} ${url} ${JSON.stringify(options)} ${text === '' ? 'is fine' : 'has the text of C++'}`, () => {
    assert.equal(faultOf(vector), text);
  });
}

test('options: each time has a vector, so that none is forgotten in C++', async () => {
  const { OPTIONS, SESSION_OPTIONS } = await import(pathToFileURL(path.join(DIST, 'described.js')));
  const timesOf = (schema, way) =>
    Object.entries(schema).flatMap(([key, entry]) => {
      const name = [...way, key];
      return Array.isArray(entry) ? (entry[1] === 'duration' ? [name.join('.')] : []) : timesOf(entry, name);
    });
  const times = new Set([...timesOf(OPTIONS, []), ...timesOf(SESSION_OPTIONS, [])]);
  assert.ok(times.size > 9);
  const refused = VECTORS.filter(({ text }) => text.endsWith(': a negative time')).map(
    ({ text }) => text.split(':')[0],
  );
  assert.deepEqual(new Set(refused), times);
});

test('options: what is no value of the right type is named with where it was given', () => {
  const wrong = [
    [{ connectTimeout: '5' }, 'options.connectTimeout must be a number of milliseconds'],
    [{ connectTimeout: NaN }, 'options.connectTimeout must be a number of milliseconds'],
    [{ reconnect: { finalCodes: 4000 } }, 'options.reconnect.finalCodes must be an array of integers'],
    [{ subprotocols: [5] }, 'options.subprotocols must be an array of strings'],
    [{ hartbeat: {} }, "options.hartbeat is not an option. Did you mean 'heartbeat'?"],
    [{ heartbeat: { Intervall: 5 } }, "options.heartbeat.Intervall is not an option. Did you mean 'interval'?"],
    [{ log: { colour: 'red' } }, 'options.log.colour is not an option. There are: level, sink'],
  ];
  for (const [options, text] of wrong) {
    assert.equal(faultOf({ options }), text);
  }
});
