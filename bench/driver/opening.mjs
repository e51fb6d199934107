// From the navigation to a page until its connection is open, with an empty cache.

import { median } from './measure.mjs';

export const OPENING = {
  id: 'page-open',
  title: 'From navigation to open, in the page',
  goal: 60, // Milliseconds more than a plain WebSocket.
};

async function open(chromium, site, client, to) {
  // Each context has a cache of its own.
  const context = await chromium.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${site}/bench/open.html?client=${client}&to=${encodeURIComponent(to)}`);
    await page.waitForFunction(() => globalThis.openedAt !== undefined);
    return await page.evaluate(() => globalThis.openedAt);
  } finally {
    await context.close();
  }
}

/** Milliseconds, medians: { plain, tidewire }. `to`: the address of an echo. */
export async function measureOpening({ chromium, site, to, repetitions }) {
  const all = { plain: [], tidewire: [] };
  for (let i = 0; i < repetitions; ++i) {
    for (const client of Object.keys(all)) {
      all[client].push(await open(chromium, site, client, to));
    }
  }
  return { plain: median(all.plain), tidewire: median(all.tidewire) };
}

export function describeOpening({ plain, tidewire }) {
  return (
    `From navigation to open, with an empty cache: plain WebSocket ${plain.toFixed(0)} ms, Tidewire ` +
    `${tidewire.toFixed(0)} ms, ${(tidewire - plain).toFixed(0)} ms more (goal: at most ${OPENING.goal}).`
  );
}
