import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

export const CHROMIUM_ARGUMENTS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-sync',
  '--js-flags=--expose-gc',
  '--no-first-run',
  '--no-sandbox',
];

// The one that TIDEWIRE_CHROMIUM names, or the system's.
export const CHROMIUM = process.env.TIDEWIRE_CHROMIUM || '/usr/bin/chromium';

export const hasBrowser = () => existsSync(CHROMIUM);

/** Starts headless Chromium. `more`: arguments; `without`: arguments of Playwright's that it does not get. */
export function launchBrowser({ more = [], without = [] } = {}) {
  return chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_ARGUMENTS, ...more], ignoreDefaultArgs: without });
}
