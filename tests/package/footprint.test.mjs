// What `Client` adds to a program that uses nothing else, in a build tree of the folder `footprint`.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const { CXX, TIDEWIRE_PREFIX, FOOTPRINT } = process.env;
const PROGRAM = fileURLToPath(new URL('footprint/program.cpp', import.meta.url));

// Of the preset's compiler and its options.
const MOST_KILOBYTES = 300;

function strippedBytes(name) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewire-footprint-'));
  try {
    const stripped = path.join(folder, name);
    execFileSync('strip', ['-o', stripped, path.join(FOOTPRINT, name)]);
    return statSync(stripped).size;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('footprint: client.hpp includes no JSON and no session', () => {
  const files = execFileSync(CXX, ['-std=c++20', '-M', '-I', path.join(TIDEWIRE_PREFIX, 'include'), PROGRAM], { encoding: 'utf8' });
  assert.match(files, /tidewire\/client\.hpp/);
  assert.doesNotMatch(files, /json|session/);
});

test('footprint: no JSON and no session are linked to a program that uses Client only', () => {
  const symbols = execFileSync('nm', ['-C', path.join(FOOTPRINT, 'with')], { encoding: 'utf8', maxBuffer: 1e8 });
  assert.match(symbols, /tidewire::Client::Client/);
  assert.doesNotMatch(symbols, /nlohmann|tidewire::Session::|SessionCore/);
});

test(`footprint: a client adds less than ${MOST_KILOBYTES} kB to a stripped program`, () => {
  const kilobytes = (strippedBytes('with') - strippedBytes('without')) / 1000;
  console.log(`${kilobytes} kB`);
  assert.ok(kilobytes < MOST_KILOBYTES, `${kilobytes} kB`);
});
