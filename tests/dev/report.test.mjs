// What tests/support/report.mjs makes of JUnit files as CTest 3.25 writes them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const REPORT = fileURLToPath(new URL('../support/report.mjs', import.meta.url));
const TRANSPORTS = [
  ...['scripted', 'native', 'chromium', 'chromium-worker', 'firefox', 'firefox-worker'],
  ...['webkit', 'webkit-worker', 'node', 'npm'],
];

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const element = (name, status, output, result = '') => `
	<testcase name="${name}" classname="${name}" time="0.1" status="${status}">
		${result}
		<properties/>
		<system-out>${escaped(output)}</system-out>
	</testcase>`;

const passed = (name, output = '') => element(name, 'run', output);
const failed = (name, output = '') => element(name, 'fail', output, '<failure message=""/>');
const notRun = (name, why, output = '') => element(name, 'notrun', output, `<skipped message="${why}"/>`);

const suite = (...elements) => `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="(empty)"
	tests="${elements.length}"
	>${elements.join('')}
</testsuite>
`;

/** Writes each preset's file, and runs the report with these arguments. */
function report(files, ...args) {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-report-'));
  try {
    for (const [preset, text] of Object.entries(files)) {
      mkdirSync(join(folder, 'build', preset), { recursive: true });
      writeFileSync(join(folder, 'build', preset, 'junit.xml'), text);
    }
    const run = spawnSync(process.execPath, [REPORT, ...args], { cwd: folder, encoding: 'utf8' });
    assert.equal(run.stderr, '');
    const lines = run.stdout.split('\n').filter(Boolean);
    const at = lines.indexOf('==> failed:');
    const end = lines.findIndex((line) => /^\d+ passed, /.test(line));
    return { status: run.status, lines, count: lines[end], failures: at < 0 ? [] : lines.slice(at + 1, end) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('report: where every test of every preset passed, it is a success', () => {
  const files = { a: suite(passed('one'), passed('two')), b: suite(passed('one')) };
  const { status, count, failures } = report(files, 'a', 'b');
  assert.deepEqual([status, count, failures], [0, '3 passed, 0 failed', []]);
});

test('report: only the presets named are read', () => {
  const { status, count } = report({ a: suite(passed('one')), b: suite(failed('one')) }, 'a');
  assert.deepEqual([status, count], [0, '1 passed, 0 failed']);
});

test('report: the time of the run and of its parts is printed', () => {
  const { lines } = report({ a: suite(passed('one')) }, '--took', '12 s', '--time', 'a: 7 s', '--time', 'b: 5 s', 'a');
  assert.deepEqual(lines, ['==> the whole run: 12 s', '  a: 7 s', '  b: 5 s', '1 passed, 0 failed']);
});

test('report: a failed test is named with its preset', () => {
  const { status, count, failures } = report({ a: suite(passed('one'), failed('two')) }, 'a:ctest');
  assert.deepEqual([status, count, failures], [1, '1 passed, 1 failed', ['  a: two']]);
});

test("report: a failed test's parts are named: of Node's, of doctest's and of the contract suite", () => {
  const escape = '[NON-XML-CHAR-0x1B]';
  const output = [
    `${escape}[32m✔ subject: it works (0.5ms)${escape}[39m`,
    '✖ subject: it breaks (1.25ms)',
    '✖ failing tests:',
    '✖ subject: it breaks (1.30ms)',
    `${escape}[31m✖ subject: it breaks in colour (1ms)${escape}[39m`,
    '  ✖ subject: a part breaks (1ms)',
    'TEST CASE:  codec: a < b',
    'x.cpp:7: ERROR: CHECK( a < b ) is NOT correct!',
    'x.cpp:8: FATAL ERROR: REQUIRE( a ) is NOT correct!',
    'contract\tnative\tpassed\tclose: right',
    'contract\tnative\tfailed\tclose: wrong',
  ].join('\n');
  const { failures } = report({ a: suite(failed('all', output)) }, 'a');
  assert.deepEqual(failures, [
    '  a: all',
    '      ✖ subject: it breaks',
    '      ✖ subject: it breaks in colour',
    '      ✖ subject: a part breaks',
    '      TEST CASE:  codec: a < b',
    '      x.cpp:7: ERROR: CHECK( a < b ) is NOT correct!',
    '      x.cpp:8: FATAL ERROR: REQUIRE( a ) is NOT correct!',
    '      contract\tnative\tfailed\tclose: wrong',
    '  the contract suite is not the same everywhere',
  ]);
});

test('report: of many failed parts ten are named, and the log that has the others', () => {
  const output = Array.from({ length: 12 }, (_, i) => `✖ part ${i}`).join('\n');
  const { failures } = report({ a: suite(failed('all', output)) }, 'a');
  assert.equal(failures.length, 12);
  assert.equal(failures.at(-2), '      ✖ part 9');
  assert.equal(failures.at(-1), '      and 2 more, see build/a/Testing/Temporary/LastTest.log');
});

test('report: a test that skipped itself is no failure, and is named', () => {
  const one = notRun('one', 'SKIP_RETURN_CODE=77');
  const two = notRun('two', 'SKIP_REGULAR_EXPRESSION_MATCHED');
  const { status, count, lines } = report({ a: suite(one, two, passed('three')) }, 'a');
  assert.deepEqual([status, count], [0, '1 passed, 0 failed, 2 skipped']);
  assert.deepEqual(lines.slice(0, 2), [
    'skipped: a: one: SKIP_RETURN_CODE=77',
    'skipped: a: two: SKIP_REGULAR_EXPRESSION_MATCHED',
  ]);
});

test("report: tests of Node's that were left out are named with the reason, unless they were not selected", () => {
  const output = [
    '﹣ page: garbage (0.1ms) # only Chromium collects it',
    'ok 3 - page: # signs # SKIP no engine',
    'ok 4 - page: other # SKIP test name does not match pattern',
    '# skipped 2',
  ].join('\n');
  const { status, lines } = report({ a: suite(passed('one', output), passed('two', output)) }, 'a');
  assert.equal(status, 0);
  assert.deepEqual(lines.slice(0, -1), [
    'skipped: page: # signs: no engine',
    'skipped: page: garbage: only Chromium collects it',
  ]);
});

test('report: a test that timed out, is disabled or could not start is a failure', () => {
  const { status, count, failures } = report(
    {
      a: suite(
        failed('slow', 'begun'),
        element('off', 'disabled', 'Disabled'),
        notRun('absent', 'Unable to find executable'),
        notRun('dependent', 'Fixture dependency failed'),
      ),
    },
    'a:ctest',
  );
  assert.deepEqual([status, count], [1, '0 passed, 4 failed']);
  assert.deepEqual(failures, [
    '  a: slow',
    '  a: off',
    '  a: absent: Unable to find executable',
    '  a: dependent: Fixture dependency failed',
  ]);
});

test('report: a file that is missing, empty, cut off, not XML to its end, or without a test is a failure', () => {
  const whole = suite(passed('one'), passed('two'));
  const files = { empty: '', short: whole.slice(0, -50), wrong: `${whole}rest`, none: suite(), good: whole };
  const { status, count, failures } = report(files, 'missing', 'empty', 'short', 'wrong', 'none', 'good');
  assert.deepEqual([status, count], [1, '2 passed, 5 failed']);
  ['missing', 'empty', 'short', 'wrong', 'none'].forEach((preset, i) =>
    assert.ok(failures[i].startsWith(`  ${preset}: no results: `), failures[i]),
  );
});

test('report: a preset that was not built is a failure, whatever an older file says', () => {
  const { status, count, failures } = report({ a: suite(passed('one')) }, 'a:build');
  assert.deepEqual([status, count, failures], [1, '0 passed, 1 failed', ['  a: build']]);
});

test('report: ctest that failed although every test passed is a failure', () => {
  const { status, count, failures } = report({ a: suite(passed('one')) }, 'a:ctest');
  assert.deepEqual([status, count, failures], [1, '1 passed, 1 failed', ['  a: ctest']]);
});

test('report: the contract suite is a table, with the reasons of its skips', () => {
  const native = 'contract\tnative\tpassed\techo: it comes back\ncontract\tnative\tpassed\tping: it is answered\n';
  const page =
    'contract\tchromium\tpassed\techo: it comes back\n' +
    'skipped: ping: it is answered: a page has none\ncontract\tchromium\tskipped\tping: it is answered\n';
  const { status, lines } = report({ a: suite(passed('one', native)), b: suite(passed('one', page)) }, 'a', 'b');
  assert.equal(status, 0);
  assert.deepEqual(lines.slice(0, -1), [
    '                     nat chr',
    'echo: it comes back    ✓   ✓',
    'ping: it is answered   ✓   –',
    'nat: native  chr: chromium',
    '✓ passed  – skipped  ✗ failed  ? did not run',
    'skipped: chromium: ping: it is answered: a page has none',
  ]);
});

test('report: a contract test that did not run where others did is a failure', () => {
  const one = 'contract\tnative\tpassed\techo: it comes back\n';
  const two = 'contract\tnode\tpassed\techo: it comes back\ncontract\tnode\tpassed\techo: again\n';
  const { status, failures, lines } = report({ a: suite(passed('one', one), passed('two', two)) }, 'a');
  assert.deepEqual([status, failures], [1, ['  the contract suite is not the same everywhere']]);
  assert.ok(lines.includes('echo: again           ?    ✓'), lines.join('\n'));
});

test('report: the npm package has a part of the contract suite, and failures of it count', () => {
  const native = 'contract\tnative\tpassed\techo: it comes back\ncontract\tnative\tpassed\tthreads: all may send\n';
  const run = (outcome) =>
    report({ a: suite(passed('one', native), passed('two', `contract\tnpm\t${outcome}\techo: it comes back\n`)) }, 'a');
  assert.equal(run('passed').status, 0);
  assert.ok(run('passed').lines.includes('threads: all may send   ✓    '), run('passed').lines.join('\n'));
  assert.equal(run('failed').status, 1);
});

test('report: a contract test that failed in one of its runs is marked as failed', () => {
  const output = ['passed', 'failed', 'passed'].map((result) => `contract\tnative\t${result}\techo: it comes back\n`);
  const { status, lines } = report({ a: suite(passed('one', output.join(''))) }, 'a');
  assert.equal(status, 1);
  assert.ok(lines.includes('echo: it comes back   ✗'), lines.join('\n'));
});

test('report: with --every the contract suite has to have run on every transport', () => {
  const output = (transports) => transports.map((each) => `contract\t${each}\tpassed\techo: it comes back\n`).join('');
  const run = (transports) => report({ a: suite(passed('one', output(transports))) }, '--every', 'a').status;
  assert.equal(run(TRANSPORTS), 0);
  assert.equal(run(TRANSPORTS.slice(1)), 1);
  assert.equal(run([]), 1);
});

test('report: without a preset it is no success', () => {
  const { status, stderr } = spawnSync(process.execPath, [REPORT], { encoding: 'utf8' });
  assert.notEqual(status, 0);
  assert.match(stderr, /needs a preset/);
});
