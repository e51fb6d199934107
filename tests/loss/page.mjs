// The client of the loss test that is a page: page_client.js, with the package as npm packs it, in headless Chromium.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { hasBrowser, launchBrowser } from '../browser/support/browser.mjs';
import { startStaticServer } from '../browser/support/static_server.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = process.env.TIDEWIRE_JS_DIST || path.join(HERE, '../../build/web-release/bindings/js/package/dist');

export { hasBrowser };

/**
 * Starts one browser for all pages. Answers
 * - `startPage(options)`, for a run
 * - `close()`, which ends them
 */
export async function openPages() {
  const browser = await launchBrowser();
  const site = await startStaticServer({ dist: DIST, loss: HERE });
  return {
    startPage: (options) => startPage(browser, site.url, options),
    async close() {
      await browser.close();
      await site.stop();
    },
  };
}

async function startPage(browser, address, { onLine, ...wanted }) {
  const page = await browser.newPage();
  const lines = [];
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  // Calls from a page come in their order, and are not awaited there.
  await page.exposeFunction('tell', (text) => {
    for (const line of text.split('\n')) {
      lines.push(JSON.parse(line));
      onLine(lines.at(-1));
    }
  });
  await page.goto(address);
  await page.evaluate(startLossClient, wanted);
  return {
    lines,
    kill: () => page.close(),
    async stop() {
      await page.evaluate(() => globalThis.lossClient.stop());
      return errors[0] ?? 0;
    },
  };
}

async function startLossClient(wanted) {
  const { LossClient } = await import('/loss/page_client.js');
  globalThis.lossClient = new LossClient({ ...wanted, tell: globalThis.tell });
}
