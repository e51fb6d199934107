// The contract suite as a table, test × transport.

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
  npm: 'npm',
};
// The npm package, in several engines, has only the tests of what it has.
const PARTIAL = ['npm'];

/** What went wrong in one run of a test counts more than what went right in another. */
const worse = (one, other) => (one === 'failed' || other === 'failed' ? 'failed' : other);

// Each test of the suite prints a line for its result: "contract<TAB>TRANSPORT<TAB>passed|failed|skipped<TAB>NAME", and
// before a skip "skipped: NAME: REASON".
function readResults(outputs) {
  const outcomes = new Map();
  const reasons = new Set();
  for (const output of outputs) {
    let reason = '';
    for (const line of output.split('\n')) {
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

function table(outcomes, transports) {
  const names = [...outcomes.keys()].sort();
  const width = Math.max(...names.map((name) => name.length));
  const headings = transports.map((transport) => COLUMNS[transport]);
  const rows = names.map((name) => {
    const absent = (transport) => (PARTIAL.includes(transport) ? ' ' : ABSENT);
    const marks = transports.map((transport) => MARKS[outcomes.get(name).get(transport)] ?? absent(transport));
    return [name.padEnd(width), ...marks.map((mark, i) => mark.padStart(headings[i].length))].join(' ');
  });
  return [
    [' '.repeat(width), ...headings].join(' '),
    ...rows,
    transports.map((transport) => `${COLUMNS[transport]}: ${transport}`).join('  '),
    `${MARKS.passed} passed  ${MARKS.skipped} skipped  ${MARKS.failed} failed  ${ABSENT} did not run`,
  ];
}

function isComplete(rows, transport) {
  const outcomes = rows.map((row) => row.get(transport));
  const ran = PARTIAL.includes(transport) ? outcomes.filter((outcome) => outcome !== undefined) : outcomes;
  return ran.length > 0 && ran.every((outcome) => ['passed', 'skipped'].includes(outcome));
}

/**
 * Returns the lines of the table, and whether every test passed or was skipped on every transport. Without `every`,
 * transports that no output names do not count.
 */
export function matrix(outputs, every) {
  const { outcomes, reasons } = readResults(outputs);
  if (outcomes.size === 0) {
    return { lines: [], complete: !every };
  }
  const rows = [...outcomes.values()];
  const transports = Object.keys(COLUMNS).filter((transport) => every || rows.some((row) => row.has(transport)));
  return {
    lines: [...table(outcomes, transports), ...[...reasons].sort().map((reason) => `skipped: ${reason}`)],
    complete: transports.every((transport) => isComplete(rows, transport)),
  };
}
