// The dashboard page, showing the prices of servers that share nothing with the library. The page comes from elsewhere:
// its query names where the prices are.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { SYMBOLS, newestPrices, serve, servers } from '../interop/servers.mjs';
import { hasBrowser, launchBrowser } from './support/browser.mjs';
import { startStaticServer } from './support/static_server.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const WEB = process.env.TIDEWIRE_WEB || path.join(HERE, '../../build/web-release/web');
const noBrowser = hasBrowser() ? false : 'there is no Chromium; TIDEWIRE_CHROMIUM names one';

let files;
let browser;
before(async () => {
  if (noBrowser) return;
  files = await startStaticServer({ web: WEB });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await files?.stop();
});

/** Opens the dashboard. From then on it notes what its cards show. */
async function openDashboard(context, stream) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
  context.after(() => page.close());
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${files.url}/web/index.html?url=${encodeURIComponent(stream)}`);
  await page.evaluate(() => {
    const note = ({ target }) => {
      const price = target.querySelector('[data-role="price"]').textContent;
      window.shown.push(`${target.dataset.symbol} ${price} ${target.dataset.seq}`);
    };
    const watched = { subtree: true, attributeFilter: ['data-seq'] };
    window.shown = [];
    new MutationObserver((changes) => changes.forEach(note)).observe(document.body, watched);
  });
  return { page, complaints };
}

/** Waits until the page has shown more prices of each symbol, which are those that the server itself tells. */
async function showsPricesOf(server, page) {
  await page.evaluate(() => (window.shown = []));
  await page.waitForFunction(
    (symbols) => symbols.every((symbol) => window.shown.filter((line) => line.startsWith(symbol)).length >= 10),
    SYMBOLS,
  );
  const shown = await page.evaluate(() => window.shown);
  const told = await newestPrices(server);
  const lines = new Set(told.map(({ symbol, price, seq }) => `${symbol} ${price.toFixed(2)} ${seq}`));
  for (const line of shown) assert.ok(lines.has(line), `the server never made ${line}`);
}

for (const server of servers) {
  const options = { skip: server.skip || noBrowser, timeout: 60_000 };

  test(`${server.name}: the page shows its prices, and those of one started in its place`, options, async (context) => {
    const first = await serve(context, server);
    const { page, complaints } = await openDashboard(context, first.url);
    await showsPricesOf(first, page);
    await first.kill();
    await page.waitForSelector('body[data-state="waiting"]', { state: 'attached' });
    const second = await serve(context, server, first.port);
    await page.waitForSelector('body[data-state="open"]', { state: 'attached' });
    await showsPricesOf(second, page);
    // What happened between the two nobody can tell.
    const missing = await page.$$eval('[data-role="missing"]', (each) => each.map(({ textContent }) => textContent));
    assert.deepEqual(missing, Array(3).fill('1 gap: prices lost'));
    assert.deepEqual(complaints, []);
  });
}
