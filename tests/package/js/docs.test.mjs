// The reference of the npm package, as `./dev docs` makes it: without a warning, which a broken link or a type that is not
// exported would be.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
const PACKAGE = process.env.TIDEWIRE_PACKAGE || path.join(PROJECT, 'build/web-release/bindings/js/package');

test('docs: every entry point has its pages, and nothing is missing', { timeout: 120_000 }, async (context) => {
  const out = mkdtempSync(path.join(os.tmpdir(), 'tidewire-docs-'));
  context.after(() => rmSync(out, { recursive: true }));
  await promisify(execFile)(process.execPath, [path.join(PROJECT, 'bindings/js/package/docs.mjs'), PACKAGE, out]);
  for (const page of ['tidewire.Client', 'tidewire.ReconnectingWebSocket', 'tidewire.Session', 'shared.SharedConnection']) {
    assert.ok(existsSync(path.join(out, `classes/${page}.html`)), page);
  }
  assert.ok(existsSync(path.join(out, 'functions/react.useSubscription.html')));
});
