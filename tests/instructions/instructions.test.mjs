// Counts the instructions of fixed work (instructions.cpp) with valgrind, and compares them with expected.json: a change
// that makes the hot paths longer is seen on any machine. After one that is worth its price, or that makes them shorter:
//
//   node tests/instructions/instructions.test.mjs PROGRAM "COMPILER" --write

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const [program, compiler, mode] = process.argv.slice(2);
const file = new URL('expected.json', import.meta.url);
const expected = JSON.parse(readFileSync(file, 'utf8'));
const tolerance = 0.05;

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(0);
}

if (spawnSync('valgrind', ['--version']).status !== 0) {
  skip('there is no valgrind');
}
if (mode !== '--write' && compiler !== expected.compiler) {
  skip(`expected.json is of ${expected.compiler}, and this is ${compiler}`);
}

function instructionsOf(scenario, rounds) {
  const { status, stderr } = spawnSync(
    'valgrind',
    ['--tool=callgrind', '--callgrind-out-file=/dev/null', program, scenario, String(rounds)],
    { encoding: 'utf8' },
  );
  const collected = /Collected : (\d+)/.exec(stderr);
  if (status !== 0 || collected === null) {
    console.log(stderr);
    process.exit(1);
  }
  return Number(collected[1]);
}

/// The difference of two runs: without what the program does once.
function perRound(scenario) {
  const few = 10;
  const many = 60;
  return (instructionsOf(scenario, many) - instructionsOf(scenario, few)) / (many - few);
}

let failed = false;
for (const scenario of Object.keys(expected.instructions)) {
  const before = expected.instructions[scenario];
  const now = Math.round(perRound(scenario));
  const ratio = now / before;
  const isKept = Math.abs(ratio - 1) <= tolerance;
  console.log(`${isKept ? 'kept' : 'changed'}: ${scenario}, ${now} instructions a round, expected ${before}`);
  failed ||= !isKept;
  expected.instructions[scenario] = now;
}
if (mode === '--write') {
  expected.compiler = compiler;
  writeFileSync(file, JSON.stringify(expected, null, 2) + '\n');
} else if (failed) {
  console.log('more than 5 % apart: see the beginning of this file');
  process.exit(1);
}
