import { chromium } from 'playwright-core';

const ARGUMENTS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-sync',
  '--js-flags=--expose-gc',
  '--no-first-run',
  '--no-sandbox',
];

/** Headless Chromium: the one that TIDEWIRE_CHROMIUM names, or the system's. */
export const CHROMIUM = process.env.TIDEWIRE_CHROMIUM || '/usr/bin/chromium';

export function launchBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}
