// The sizes of the package's README are those of the package. They are rounded up to half a kB, and so are limits.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
const PACKAGE = process.env.TIDEWIRE_PACKAGE || path.join(PROJECT, 'build/web-release/bindings/js/package');
const { measure, measurePeers, report, withTable } = await import(path.join(PROJECT, 'bindings/js/package/size.mjs'));

test('size: the table of the README is up to date', async () => {
  const readme = readFileSync(path.join(PROJECT, 'bindings/js/package/README.md'), 'utf8');
  const sizes = [...measure(PACKAGE), ...(await measurePeers())];
  const command = 'node bindings/js/package/size.mjs build/web-release/bindings/js/package bindings/js/package/README.md';
  assert.equal(readme, withTable(readme, sizes), `${report(sizes)}\nIf the sizes are worth it: ${command}`);
});

test('size: what the wasm imports and exports has short names, in the JavaScript too', () => {
  const dist = path.join(PACKAGE, 'dist');
  const files = readdirSync(dist);
  for (const name of files.filter((each) => each.endsWith('.wasm'))) {
    const module = new WebAssembly.Module(readFileSync(path.join(dist, name)));
    const names = WebAssembly.Module.exports(module).map((each) => each.name);
    assert.ok(names.length > 20, name);
    assert.deepEqual(names.filter((each) => !/^([$CS]\w\w|memory|_initialize)$/.test(each)), [], name);
  }
  for (const name of files.filter((each) => /\.c?js$/.test(each))) {
    const text = readFileSync(path.join(dist, name), 'utf8');
    assert.deepEqual(text.match(/tidewire_\w+|["'`]_(new|delete|send|connect|publish|stats)["'`]/g) ?? [], [], name);
  }
});
