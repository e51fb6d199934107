// The sizes of the package's README are those of the package. They are rounded up to half a kB, and so are limits.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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
