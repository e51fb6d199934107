// The long form of the loss test: `./dev soak [--seconds N | --seed S]`.

import { parseArgs } from 'node:util';

import { kinds, run, startNativeClient } from './run.mjs';

const SIZE = { cuts: 200, events: 50_000, publishes: 5_000, speed: 25, kills: 20, patience: 900_000 };

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    seed: { type: 'string' },
    kind: { type: 'string', multiple: true, default: kinds },
  },
});
const until = Date.now() + Number(values.seconds ?? 0) * 1000;

/** Returns whether nothing was found. */
async function round(kind, seed) {
  const begun = Date.now();
  const { faults, folder, counts, ...rest } = await run({ kind, seed, ...SIZE, starts: { native: startNativeClient } });
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
