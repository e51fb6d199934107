// docs/platforms.md has tables that are made from the headers, and committed because a reader has no build tree.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

test('documents: the tables of docs/platforms.md are those of the headers (bindings/generator/README.md)', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewire-documents-'));
  try {
    cpSync(path.join(PROJECT, 'docs/platforms.md'), path.join(folder, 'platforms.md'));
    const includes = ['sdk/include', 'sdk/src'].map((name) => `-I${path.join(PROJECT, name)}`);
    const script = path.join(PROJECT, 'bindings/generator/generate.mjs');
    execFileSync('node', [script, '--documents', folder, '--', process.env.CXX ?? 'em++', ...includes]);
    const [made, committed] = [folder, path.join(PROJECT, 'docs')].map((each) =>
      readFileSync(path.join(each, 'platforms.md'), 'utf8'),
    );
    assert.equal(made, committed);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
