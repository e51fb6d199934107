// The short form of the loss test; `./dev soak` runs the long one. TIDEWIRE_SEED repeats what the proxy and the kills do.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run, startNativeClient, startPollingClient } from './run.mjs';

const seed = Number(process.env.TIDEWIRE_SEED ?? Date.now() % 1_000_000);
const size = { seed, cuts: 12, events: 4000, publishes: 400, speed: 80, kills: 2, patience: 60_000 };

/** The run, without a fault, and what its clients were told how often: the first, and the others. */
async function told(context, kind, starts = [startNativeClient]) {
  context.diagnostic(`TIDEWIRE_SEED=${seed}`);
  const { faults, folder, counts, ...rest } = await run({ kind, starts, ...size });
  const [first, ...others] = counts;
  context.diagnostic(JSON.stringify({ ...rest, ...first, others }));
  assert.deepEqual(faults.slice(0, 20), [], `the logs are in ${folder}`);
  return { ...rest, ...first, others };
}

test('long history: every event comes exactly once and in order, every publish is made exactly once', async (context) => {
  const { skipped, others } = await told(context, 'long', [startNativeClient, startPollingClient]);
  assert.ok(skipped > 0, 'of the latest only, nothing was left out');
  assert.ok(others[0].skipped > 0, 'where much waits for poll(), nothing was left out');
});

test('short history: each gap is what the server had evicted', async (context) => {
  const { gaps } = await told(context, 'short');
  assert.ok(gaps > 0, 'there was no gap');
});

test('a server that is killed: other epochs are told, and no publish is made twice', async (context) => {
  const { epochs, servers } = await told(context, 'killed');
  assert.ok(servers > 2 && epochs > 0, 'nobody noticed');
});
