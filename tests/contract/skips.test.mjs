// The tests of the contract suite, the table of those that are skipped, and what docs/platforms.md says of them.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (file) => readFileSync(new URL(file, import.meta.url), 'utf8');

// As the document calls them.
const NAMES = { browser: 'web', firefox: 'Firefox', webkit: 'WebKit', node: 'Node' };

// One literal, or several one behind the other.
const STRING = /"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*/.source;
const valueOf = (literals) => [...literals.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, part]) => part).join('');

function testNames() {
  const sources = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('_test.cpp'));
  const heads = new RegExp(`^CONTRACT_TEST\\(\\s*(${STRING})\\s*\\)`, 'gm');
  return sources.flatMap((name) => {
    const names = [...read(name).matchAll(heads)].map(([, literals]) => valueOf(literals));
    assert.equal(names.length, read(name).match(/^CONTRACT_TEST\(/gm)?.length ?? 0, name);
    return names;
  });
}

function skips() {
  const rows = [...read('skips.hpp').matchAll(new RegExp(`Skip{"(\\w+)",\\s*(${STRING}),`, 'g'))];
  return rows.map(([, where, literals]) => ({ where: NAMES[where] ?? where, name: valueOf(literals) }));
}

function rowsOfTheDocument() {
  const [, section] = read('../../docs/platforms.md').match(/\n## The contract suite\n([^]*?)\n## /);
  const rows = section.matchAll(/^\| ([\w-]+: [^|]+) \| ([^|]+) \| [^|]+ \|$/gm);
  const items = section.matchAll(/^- (\w+: .+)$/gm);
  return [
    ...[...rows].flatMap(([, name, places]) => places.split(', ').map((where) => ({ where, name }))),
    ...[...items].map(([, name]) => ({ where: 'scripted', name })),
  ];
}

const told = (list) => list.map(({ where, name }) => `${where} skips ${name}`).sort();

test('contract: no two tests have the same name', () => {
  const names = testNames();
  assert.ok(names.length > 0);
  assert.deepEqual(names, [...new Set(names)]);
});

test('skips: each names a test that there is', () => {
  const names = new Set(testNames());
  assert.deepEqual(
    skips().filter(({ name }) => !names.has(name)),
    [],
  );
});

test('skips: docs/platforms.md has a row for each, and no other', () => {
  assert.ok(skips().length > 0);
  assert.equal(skips().length, read('skips.hpp').match(/Skip{"/g).length);
  assert.deepEqual(told(rowsOfTheDocument()), told(skips()));
});
