// Prints the contract suite as a table, test × transport:
//
//   node matrix.mjs [--every] LOG...
//
// The logs are CTest's. Each test of the suite has said there how it went, on each transport, in lines of its own:
// "contract<TAB>TRANSPORT<TAB>passed|failed|skipped<TAB>NAME", and before a skip "skipped: NAME: REASON".
// Exit code 1: a test failed, or ran on one transport and neither ran nor was skipped on another. With --every that is
// every transport there is, without it those that the logs have anything of.

import { readFileSync } from 'node:fs';

const MARKS = { passed: '✓', skipped: '–', failed: '✗' };
const ABSENT = '?';
// Where a test ran, and its heading; W is for a Web Worker.
const COLUMNS = {
  scripted: 'scr',
  native: 'nat',
  chromium: 'chr',
  'chromium-worker': 'chrW',
  firefox: 'fox',
  'firefox-worker': 'foxW',
  webkit: 'wkt',
  'webkit-worker': 'wktW',
  node: 'node',
};

/** What went wrong in one run of a test counts more than what went right in another. */
const worse = (one, other) => (one === 'failed' || other === 'failed' ? 'failed' : other);

function readResults(logs) {
  const outcomes = new Map();
  const reasons = new Set();
  for (const log of logs) {
    let reason = '';
    for (const line of readFileSync(log, 'utf8').split('\n')) {
      reason = /^skipped: (.*)$/.exec(line)?.[1] ?? reason;
      const [, transport, outcome, name] = /^contract\t([\w-]+)\t(passed|failed|skipped)\t(.+)$/.exec(line) ?? [];
      if (!name) {
        continue;
      }
      const row = outcomes.get(name) ?? outcomes.set(name, new Map()).get(name);
      row.set(transport, worse(row.get(transport), outcome));
      if (outcome === 'skipped') {
        reasons.add(`${transport}: ${reason}`);
      }
    }
  }
  return { outcomes, reasons };
}

function printTable(outcomes, transports) {
  const names = [...outcomes.keys()].sort();
  const width = Math.max(...names.map((name) => name.length));
  const headings = transports.map((transport) => COLUMNS[transport]);
  console.log([' '.repeat(width), ...headings].join(' '));
  for (const name of names) {
    const marks = transports.map((transport) => MARKS[outcomes.get(name).get(transport)] ?? ABSENT);
    console.log([name.padEnd(width), ...marks.map((mark, i) => mark.padStart(headings[i].length))].join(' '));
  }
  console.log(transports.map((transport) => `${COLUMNS[transport]}: ${transport}`).join('  '));
  console.log(`${MARKS.passed} passed  ${MARKS.skipped} skipped  ${MARKS.failed} failed  ${ABSENT} did not run`);
}

const every = process.argv[2] === '--every';
const { outcomes, reasons } = readResults(process.argv.slice(every ? 3 : 2));
if (outcomes.size > 0) {
  const rows = [...outcomes.values()];
  const transports = Object.keys(COLUMNS).filter((transport) => every || rows.some((row) => row.has(transport)));
  printTable(outcomes, transports);
  [...reasons].sort().forEach((reason) => console.log(`skipped: ${reason}`));
  const went = rows.every((row) => transports.every((transport) => ['passed', 'skipped'].includes(row.get(transport))));
  process.exitCode = went ? 0 : 1;
} else {
  process.exitCode = every ? 1 : 0;
}
