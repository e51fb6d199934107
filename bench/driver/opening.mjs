// From the navigation to a page until its connection is open, with an empty cache.

import { median } from './measure.mjs';

export const OPENING = {
  id: 'page-open',
  title: 'From navigation to open, in the page',
  goal: 60, // Milliseconds more than a plain WebSocket.
};

// The pages of bench/web/open: a plain WebSocket, the same in a file of its own, and Tidewire as the package's README has
// it, without and with the links that stand there.
const PAGES = ['plain', 'module', 'tidewire', 'preloaded'];

// A new context keeps the browser busy with itself for a while, which no user's navigation waits for.
const SETTLED_MS = 500;

async function open(chromium, site, page, to) {
  // Each context has a cache of its own.
  const context = await chromium.newContext();
  try {
    const tab = await context.newPage();
    await tab.waitForTimeout(SETTLED_MS);
    await tab.goto(`${site}/bench/open/${page}.html?to=${encodeURIComponent(to)}`);
    await tab.waitForFunction(() => globalThis.openedAt !== undefined);
    return await tab.evaluate(() => globalThis.openedAt);
  } finally {
    await context.close();
  }
}

/** Milliseconds, medians: { plain, module, tidewire, preloaded }. `to`: the address of an echo. */
export async function measureOpening({ chromium, site, to, repetitions }) {
  const all = Object.fromEntries(PAGES.map((page) => [page, []]));
  for (let i = 0; i < repetitions; ++i) {
    for (const page of PAGES) {
      all[page].push(await open(chromium, site, page, to));
    }
  }
  return Object.fromEntries(PAGES.map((page) => [page, median(all[page])]));
}

export function describeOpening({ plain, module, tidewire, preloaded }) {
  return (
    `From navigation to open, with an empty cache: plain WebSocket ${plain.toFixed(0)} ms, in a script file of its own ` +
    `${module.toFixed(0)} ms, \`tidewire/client\` ` +
    `${tidewire.toFixed(0)} ms, ${(tidewire - plain).toFixed(0)} ms more (goal: at most ${OPENING.goal}); with links that ` +
    `load both files early ${(preloaded - plain).toFixed(0)} ms more.`
  );
}
