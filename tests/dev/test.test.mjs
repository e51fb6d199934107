// ./dev test with a project of a few tests that need no compiler.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PARTS = ['dev', 'tools/output.sh', 'tests/support/report.mjs', 'tests/support/matrix.mjs'];
const SETUP = ['setup_for_testing', 'find_chromium', 'find_headless_chromium', 'find_firefox', 'find_webkit'];
// More than CTest keeps of a test's output unless told otherwise.
const OUTPUT = "yes 'a line' | head -n 1000; printf 'contract\\tnode\\tpassed\\techo: it\\n'";
const addTest = (commands) => `add_test(NAME long COMMAND sh -c [[${commands}]])`;
const LONG = addTest(OUTPUT);
const OLD_RESULTS = '<testsuite><testcase name="old" status="run"/></testsuite>';

const presetsOf = (...names) => ({
  version: 6,
  configurePresets: names.map((name) => ({
    name,
    generator: 'Ninja',
    binaryDir: '${sourceDir}/build/${presetName}',
    cacheVariables: { PRESET: name },
  })),
  buildPresets: names.map((name) => ({ name, configurePreset: name })),
  testPresets: names.map((name) => ({ name, configurePreset: name })),
});
const PRESETS = presetsOf('small');

/** Runs `./dev test` with these presets where everything is installed, and older results lie about. */
function devTest(tests, { presets = PRESETS, run = ['small'], npm = 'exit 0' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-dev-'));
  const put = (name, text, mode = 0o644) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode });
  };
  try {
    PARTS.forEach((part) => cpSync(join(ROOT, part), join(folder, part)));
    put('tools/setup.sh', SETUP.map((name) => `${name}() { :; }\n`).join(''));
    put('CMakeLists.txt', `cmake_minimum_required(VERSION 3.25)\nproject(small NONE)\nenable_testing()\n${tests}\n`);
    put('CMakePresets.json', JSON.stringify(presets));
    put('build/small/junit.xml', OLD_RESULTS);
    put('tests/package-lock.json', '{}');
    put('bin/npm', `#!/bin/sh\n${npm}\n`, 0o755);
    mkdirSync(join(folder, 'tests/node_modules'));
    symlinkSync(join(ROOT, 'tests/node_modules/@xmldom'), join(folder, 'tests/node_modules/@xmldom'));
    const { status, stdout } = spawnSync(join(folder, 'dev'), ['test', ...run], {
      encoding: 'utf8',
      env: { ...process.env, PATH: join(folder, 'bin') + delimiter + process.env.PATH },
    });
    return { status, stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('dev test: where every test passes it succeeds, and reads the whole output of each', () => {
  const { status, stdout } = devTest(LONG);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^echo: it +✓$/m);
  assert.match(stdout, /^ {2}small: building \d+ s, testing \d+ s$/m);
  assert.match(stdout, /^1 passed, 0 failed$/m);
});

test('dev test: where a test fails it fails, and reads the whole output of the test', () => {
  const { status, stdout } = devTest(addTest(`${OUTPUT}; echo "✖ the part"; exit 1`));
  assert.equal(status, 1, stdout);
  assert.match(stdout, /^ {2}small: long\n {6}✖ the part$/m);
  assert.match(stdout, /^echo: it +✓$/m);
  assert.match(stdout, /^0 passed, 1 failed$/m);
});

test('dev test: a build that fails is a failure, and its tests do not run', () => {
  const { status, stdout } = devTest(`add_custom_target(broken ALL COMMAND false)\n${LONG}`);
  assert.equal(status, 1, stdout);
  assert.match(stdout, /^ {2}small: build\n/m);
  assert.match(stdout, /^0 passed, 1 failed$/m);
});

// The first preset's test needs what only the second's build makes.
const BOTH = { presets: presetsOf('small', 'other'), run: ['small', 'other'] };
const madeByOther = (command) => `if(PRESET STREQUAL other)
  add_custom_target(made ALL COMMAND ${command})
  add_test(NAME short COMMAND true)
else()
  ${addTest('for i in $(seq 600); do test -e ../other/made && exit 0; sleep 0.1; done; exit 1')}
endif()`;

test('dev test: while the tests of a preset run, the next is built', () => {
  const { status, stdout } = devTest(madeByOther('touch made'), BOTH);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^2 passed, 0 failed$/m);
});

test('dev test: a build that fails while tests run is reported in its turn', () => {
  const { status, stdout } = devTest(madeByOther('touch made && false'), BOTH);
  assert.equal(status, 1, stdout);
  assert.match(stdout, /^ {2}other: build\n/m);
  assert.match(stdout, /^1 passed, 1 failed$/m);
});

test('dev test: ctest that does not run is a failure, and older results are not taken for its own', () => {
  const { status, stdout } = devTest(LONG, { presets: { ...PRESETS, testPresets: [] } });
  assert.equal(status, 1, stdout);
  assert.match(stdout, /^ {2}small: no results: /m);
  assert.match(stdout, /^0 passed, 1 failed$/m);
});

test('dev test: without a single test it is a failure', () => {
  const { status, stdout } = devTest('');
  assert.equal(status, 1, stdout);
  assert.match(stdout, /^0 passed, 1 failed$/m);
});

test('dev test: without the npm packages it fails at once', () => {
  const { status, stdout } = devTest(LONG, { npm: 'echo no network; exit 3' });
  assert.notEqual(status, 0, stdout);
  assert.match(stdout, /no network/);
  assert.doesNotMatch(stdout, /building|passed/);
});
