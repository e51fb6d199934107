// The long form of the loss test: `./dev soak [--seconds N | --seed S]`. By itself it takes --kind and --client as well,
// each as often as there are some.

import { parseArgs } from 'node:util';

import { openPages } from './page.mjs';
import { kinds, run, startNativeClient, startPollingClient } from './run.mjs';

const SIZE = { cuts: 200, events: 50_000, publishes: 5_000, speed: 25, kills: 20, patience: 900_000 };

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    seed: { type: 'string' },
    kind: { type: 'string', multiple: true, default: kinds },
    client: { type: 'string', multiple: true, default: ['native', 'page'] },
  },
});
const until = Date.now() + Number(values.seconds ?? 0) * 1000;

// A browser for each run, so that what one of them did to it is not carried into the next.
async function runWithPages(options) {
  const pages = await openPages();
  const all = { native: startNativeClient, polling: startPollingClient, page: pages.startPage };
  const starts = Object.fromEntries(values.client.map((name) => [name, all[name]]));
  return run({ ...options, starts }).finally(() => pages.close());
}

/** Returns whether nothing was found. */
async function round(kind, seed) {
  const begun = Date.now();
  const { faults, folder, counts, ...rest } = await runWithPages({ kind, seed, ...SIZE });
  const seconds = ((Date.now() - begun) / 1000).toFixed(0);
  console.log(`${kind}, seed ${seed}, ${seconds} s: ${faults.length} faults; ${JSON.stringify(rest)}`);
  Object.entries(counts).forEach(([name, each]) => console.log(`  ${name}: ${JSON.stringify(each)}`));
  faults.slice(0, 20).forEach((fault) => console.log(`  ${fault}`));
  if (folder) console.log(`  the logs are in ${folder}`);
  return faults.length === 0;
}

let allIsWell = true;
let seed = Number(values.seed ?? Date.now() % 1_000_000);
do {
  for (const kind of values.kind) allIsWell = (await round(kind, seed)) && allIsWell;
  seed += 1;
} while (Date.now() < until);
process.exit(allIsWell ? 0 : 1);
