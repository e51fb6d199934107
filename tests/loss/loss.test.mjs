// The short form of the loss test; `./dev soak` runs the long one. TIDEWIRE_SEED repeats what the proxy and the kills do.
//
// The clients are those that the environment names: LOSS_CLIENT the native one, TIDEWIRE_JS_DIST the package of the page.
// Without either they are both, where `./dev build` puts them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { run, startNativeClient, startPollingClient } from './run.mjs';

const { LOSS_CLIENT, TIDEWIRE_JS_DIST } = process.env;
const wants = { native: LOSS_CLIENT || !TIDEWIRE_JS_DIST, page: TIDEWIRE_JS_DIST || !LOSS_CLIENT };
const all = wants.native ? { native: startNativeClient, polling: startPollingClient } : {};

// Without a page nothing of npm's is needed.
const { openPages, hasBrowser } = wants.page ? await import('./page.mjs') : {};
const noPage = wants.page && !hasBrowser() && 'there is no Chromium for the page';
const skip = !wants.native && noPage;

const seed = Number(process.env.TIDEWIRE_SEED ?? Date.now() % 1_000_000);
// So slow that who was cut catches up before the next cut: the answers to publishes stand behind the events that it missed.
const size = { seed, cuts: 8, events: 4000, publishes: 400, speed: 50, kills: 2, patience: 60_000 };

let pages;
if (wants.page && !noPage) {
  before(async () => {
    pages = await openPages();
    all.page = pages.startPage;
  });
  after(() => pages?.close());
}

/** The run, without a fault, and what each of its clients was told how often. */
async function told(context, kind, clients) {
  context.diagnostic(`TIDEWIRE_SEED=${seed}`);
  if (noPage) context.diagnostic(noPage);
  const starts = Object.fromEntries(Object.entries(all).filter(([name]) => clients.includes(name)));
  const { faults, folder, counts, ...rest } = await run({ kind, starts, ...size });
  context.diagnostic(JSON.stringify({ ...rest, ...counts }));
  assert.deepEqual(faults.slice(0, 20), [], `the logs are in ${folder}`);
  return { ...rest, counts };
}

test('long history: every event comes once and in order, every publish is made once', { skip }, async (context) => {
  const { counts } = await told(context, 'long', ['native', 'polling', 'page']);
  for (const [name, { skipped }] of Object.entries(counts)) assert.ok(skipped > 0, `${name}: nothing was left out`);
});

test('short history: each gap is what the server had evicted', { skip }, async (context) => {
  const { counts } = await told(context, 'short', ['native', 'page']);
  assert.ok(Object.values(counts).some(({ gaps }) => gaps > 0), 'there was no gap');
});

test('a server that is killed: other epochs are told, and no publish is made twice', { skip }, async (context) => {
  const { counts, servers } = await told(context, 'killed', ['native', 'page']);
  assert.ok(servers > 2, 'it was not killed');
  for (const [name, { epochs }] of Object.entries(counts)) assert.ok(epochs > 0, `${name}: nobody noticed`);
});
