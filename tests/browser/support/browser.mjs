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

// The browser that people use, and the shell that Debian builds of the same engine: without the browser's own interface
// its tests take half the processor's time.
const CHROMIUM = process.env.TIDEWIRE_CHROMIUM || '/usr/bin/chromium';
const SHELL = '/usr/bin/chromium-headless-shell';
export const HEADLESS_CHROMIUM =
  process.env.TIDEWIRE_HEADLESS_CHROMIUM || (!process.env.TIDEWIRE_CHROMIUM && existsSync(SHELL) ? SHELL : CHROMIUM);

export const hasBrowser = () => existsSync(HEADLESS_CHROMIUM);

/** Starts headless Chromium. `more`: arguments; `without`: arguments of Playwright's that it does not get. */
export function launchBrowser({ more = [], without = [], executablePath = HEADLESS_CHROMIUM } = {}) {
  return chromium.launch({ executablePath, args: [...CHROMIUM_ARGUMENTS, ...more], ignoreDefaultArgs: without });
}

/** Only the whole browser has a back/forward cache. */
export function launchWholeBrowser(options) {
  return launchBrowser({ ...options, executablePath: CHROMIUM });
}
