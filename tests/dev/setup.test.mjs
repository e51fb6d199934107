// ./dev setup on a machine that has next to nothing, for a user who may not install: no sudo, not root.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const NOBODY = 65534;
const TOOLS = ['bash', 'dirname', 'env', 'grep', 'head', 'readlink', 'sed', 'sort', 'test'];

function lookUp(program) {
  return spawnSync('/bin/sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
}

// The line that `./dev setup` says to run as root, where apt knows these packages, and clang depends on this one.
function lineForRoot(known, clang) {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-dev-'));
  try {
    chmodSync(folder, 0o755);
    for (const part of ['dev', 'tools']) {
      cpSync(fileURLToPath(new URL(`../../${part}`, import.meta.url)), join(folder, part), { recursive: true });
    }
    for (const tool of TOOLS) {
      symlinkSync(lookUp(tool), join(folder, tool));
    }
    const names = [...known, '-'].join('|');
    writeFileSync(
      join(folder, 'apt-cache'),
      `#!/bin/sh
case "$1 $2" in
  "depends clang") printf 'clang\\n  Depends: ${clang}\\n  Depends: clang-tools\\n' ;;
  "show "*) case $2 in ${names}) ;; *) exit 100 ;; esac ;;
esac
`,
      { mode: 0o755 },
    );
    writeFileSync(join(folder, 'apt-get'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const identity = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const run = spawnSync(join(folder, 'bash'), [join(folder, 'dev'), 'setup'], {
      encoding: 'utf8',
      env: { PATH: folder },
      ...identity,
    });
    assert.equal(run.status, 2, run.stderr);
    assert.match(run.stderr, /^dev: /);
    const line = run.stderr.split('\n').find((text) => text.includes('apt-get install'));
    assert.ok(line, run.stderr);
    return line.trim().split(' ');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('setup: the line for root has libFuzzer for the clang that apt would install', () => {
  const line = lineForRoot(['clang', 'libclang-rt-77-dev'], 'clang-77');
  assert.ok(line.includes('clang'), line);
  assert.ok(line.includes('libclang-rt-77-dev'), line);
});

test('setup: of packages with several names the line has the one that apt knows', () => {
  const line = lineForRoot(['chromium-browser', 'libclang-common-77-dev'], 'clang-77');
  assert.ok(line.includes('chromium-browser'), line);
  assert.ok(!line.includes('chromium'), line);
  assert.ok(line.includes('libclang-common-77-dev'), line);
  assert.ok(!line.includes('libclang-rt-77-dev'), line);
});

test('setup: where apt knows no version of clang the line has no package of libFuzzer', () => {
  const line = lineForRoot([], 'llvm');
  assert.ok(line.includes('clang'), line);
  assert.ok(!line.some((name) => name.startsWith('libclang')), line);
});

test("setup: Chromium's headless shell is installed where apt knows it", () => {
  assert.ok(lineForRoot(['chromium', 'chromium-headless-shell'], 'clang-77').includes('chromium-headless-shell'));
  assert.ok(!lineForRoot(['chromium-browser'], 'clang-77').includes('chromium-headless-shell'));
});
