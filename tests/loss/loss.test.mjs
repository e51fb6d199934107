// The short form of the loss test; `./dev soak` runs the long one. TIDEWIRE_SEED repeats what the proxy and the kills do.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run, startNativeClient, startPollingClient } from './run.mjs';

const seed = Number(process.env.TIDEWIRE_SEED ?? Date.now() % 1_000_000);
const size = { seed, cuts: 12, events: 4000, publishes: 400, speed: 80, kills: 2, patience: 60_000 };

const all = { native: startNativeClient, polling: startPollingClient };

/** The run, without a fault, and what each of its clients was told how often. */
async function told(context, kind, clients) {
  context.diagnostic(`TIDEWIRE_SEED=${seed}`);
  const starts = Object.fromEntries(Object.entries(all).filter(([name]) => clients.includes(name)));
  const { faults, folder, counts, ...rest } = await run({ kind, starts, ...size });
  context.diagnostic(JSON.stringify({ ...rest, ...counts }));
  assert.deepEqual(faults.slice(0, 20), [], `the logs are in ${folder}`);
  return { ...rest, counts };
}

test('long history: every event comes once and in order, every publish is made once', async (context) => {
  const { counts } = await told(context, 'long', ['native', 'polling']);
  for (const [name, { skipped }] of Object.entries(counts)) assert.ok(skipped > 0, `${name}: nothing was left out`);
});

test('short history: each gap is what the server had evicted', async (context) => {
  const { counts } = await told(context, 'short', ['native']);
  assert.ok(Object.values(counts).some(({ gaps }) => gaps > 0), 'there was no gap');
});

test('a server that is killed: other epochs are told, and no publish is made twice', async (context) => {
  const { counts, servers } = await told(context, 'killed', ['native']);
  assert.ok(servers > 2, 'it was not killed');
  for (const [name, { epochs }] of Object.entries(counts)) assert.ok(epochs > 0, `${name}: nobody noticed`);
});
