// Prints the results of `./dev test`. Exit code 1: something failed.
//
//   node report.mjs [--every] [--took TIME] [--time LINE]... PRESET[:STEP]...
//
// Reads build/PRESET/junit.xml, which CTest writes. STEP is the step of the preset that failed: "build", or "ctest",
// which is reported where no failed test explains it. --every requires the contract suite on every transport. The lines of
// --time follow that of --took.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DOMParser, onWarningStopParsing } from '@xmldom/xmldom';
import { matrix } from './matrix.mjs';

const MOST_PARTS = 10;
// CTest spells out characters that XML cannot hold.
const COLOUR = /\[NON-XML-CHAR-0x1B\]\[[0-9;]*m/g;
const DURATION = / \([0-9.]+ms\)/;

// For CTest a test that could not start is "notrun" too, as one that skipped itself is.
function outcomeOf(status, reason) {
  if (status === 'run') {
    return 'passed';
  }
  return status === 'notrun' && reason.startsWith('SKIP_') ? 'skipped' : 'failed';
}

function readTest(preset, element) {
  const textOf = (tag) => element.getElementsByTagName(tag)[0]?.textContent ?? '';
  const reason = ['failure', 'skipped']
    .map((tag) => element.getElementsByTagName(tag)[0]?.getAttribute('message'))
    .find(Boolean);
  return {
    name: `${preset}: ${element.getAttribute('name')}`,
    outcome: outcomeOf(element.getAttribute('status'), reason ?? ''),
    reason,
    log: `build/${preset}/Testing/Temporary/LastTest.log`,
    output: textOf('system-out').replace(COLOUR, ''),
  };
}

/** Throws where the file cannot be read, or has no test in it. */
function readTests(preset) {
  const text = readFileSync(`build/${preset}/junit.xml`, 'utf8');
  const document = new DOMParser({ onError: onWarningStopParsing }).parseFromString(text, 'text/xml');
  const tests = Array.from(document.getElementsByTagName('testcase'), (element) => readTest(preset, element));
  if (tests.length === 0) {
    throw new Error('no test ran');
  }
  return tests;
}

/** The lines that name what failed within a test: tests of the contract suite, of Node's, and doctest's assertions. */
function failingParts({ output, log }) {
  const names = /^contract\t[^\t]*\tfailed\t|^TEST CASE:|: (FATAL )?ERROR: |^✖ (?!failing tests:)/;
  const lines = output.split('\n').map((line) => line.trimStart());
  const parts = [...new Set(lines.filter((line) => names.test(line)).map((line) => line.replace(DURATION, '')))];
  const rest = parts.length > MOST_PARTS ? [`and ${parts.length - MOST_PARTS} more, see ${log}`] : [];
  return [...parts.slice(0, MOST_PARTS), ...rest].map((line) => `    ${line}`);
}

/** Tests of Node's that were left out, and why; those that were not selected are not listed. */
function skippedParts({ output }) {
  return output
    .split('\n')
    .map((line) => /^ *(?:﹣|ok \d+ -) (.*) # (?:SKIP *)?(.*)$/.exec(line))
    .filter((match) => match && !match[2].includes('does not match pattern'))
    .map(([, name, reason]) => `skipped: ${name.replace(DURATION, '')}: ${reason}`);
}

/** Returns the preset's tests, and its failures, each with the lines below it. */
function readPreset(argument) {
  const [preset, step] = argument.split(':');
  if (step === 'build') {
    return { tests: [], failures: [[`${preset}: build`]] };
  }
  try {
    const tests = readTests(preset);
    const failures = tests
      .filter(({ outcome }) => outcome === 'failed')
      .map((test) => [test.reason ? `${test.name}: ${test.reason}` : test.name, ...failingParts(test)]);
    return { tests, failures: step && failures.length === 0 ? [[`${preset}: ${step}`]] : failures };
  } catch (error) {
    return { tests: [], failures: [[`${preset}: no results: ${error.message}`]] };
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    every: { type: 'boolean', default: false },
    took: { type: 'string' },
    time: { type: 'string', multiple: true, default: [] },
  },
});
if (positionals.length === 0) {
  throw new Error('report.mjs needs a preset');
}
const presets = positionals.map(readPreset);
const tests = presets.flatMap((preset) => preset.tests);
const failures = presets.flatMap((preset) => preset.failures);
const contract = matrix(
  tests.map(({ output }) => output),
  values.every,
);
if (!contract.complete) {
  failures.push(['the contract suite is not the same everywhere']);
}

const leftOut = tests.filter(({ outcome }) => outcome === 'skipped');
const skips = new Set([
  ...leftOut.map(({ name, reason }) => `skipped: ${name}: ${reason}`),
  ...tests.flatMap(skippedParts),
]);
[...contract.lines, ...[...skips].sort()].forEach((line) => console.log(line));
if (failures.length > 0) {
  console.log('\n==> failed:');
  failures.flat().forEach((line) => console.log(`  ${line}`));
}
console.log(values.took ? `\n==> the whole run: ${values.took}` : '');
values.time.forEach((line) => console.log(`  ${line}`));
const passed = tests.filter(({ outcome }) => outcome === 'passed');
const skipped = leftOut.length > 0 ? `, ${leftOut.length} skipped` : '';
console.log(`${passed.length} passed, ${failures.length} failed${skipped}`);
process.exitCode = failures.length > 0 ? 1 : 0;
