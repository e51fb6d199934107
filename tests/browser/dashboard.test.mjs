// The dashboard page, as a visitor sees it: served by the ticker server, with live prices, through a server that dies.
// What it shows is compared with the server's own log.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startTickerServer } from '../support/ticker_server.mjs';
import { launchBrowser } from './support/browser.mjs';
import { Tabs } from './support/tabs.mjs';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const WEB = process.env.TIDEWIRE_WEB || path.join(ROOT, 'build/web-release/web');
const DATA = process.env.TIDEWIRE_DATA || path.join(ROOT, '../shared/data/daily-ohlcv-2015-2017.csv');
const LIMIT = { timeout: 60_000 };
const VIEWPORT = { width: 1000, height: 800 };
const SYMBOLS = ['AAPL', 'COKE', 'GOOGL', 'TSLA', 'YHOO'];

let browser;
let tabs;
before(async () => {
  browser = await launchBrowser();
  tabs = new Tabs(await browser.newContext({ viewport: VIEWPORT }));
});
after(() => browser?.close());

async function startServer(context, ...args) {
  const server = await startTickerServer({ args: ['--web', WEB, ...args] });
  context.after(() => server.kill('SIGKILL'));
  return server;
}

/** Opens the dashboard and begins to note what it shows, in an array that only this very document has. */
async function openDashboard(context, url) {
  const complaints = [];
  const opened = await tabs.open(url, {
    pageerror: (error) => complaints.push(String(error)),
    console: (message) => message.type() === 'error' && complaints.push(message.text()),
  });
  context.after(() => opened.close());
  const page = opened.tab;
  await page.evaluate(() => {
    window.shown = [];
    const note = (card) => {
      const price = card.querySelector('[data-role="price"]').textContent;
      window.shown.push({ symbol: card.dataset.symbol, seq: Number(card.dataset.seq), price });
    };
    document.querySelectorAll('[data-seq]').forEach(note);
    new MutationObserver((changes) => changes.forEach(({ target }) => note(target))).observe(document.body, {
      subtree: true,
      attributeFilter: ['data-seq'],
    });
  });
  return { page, complaints };
}

/** Waits until that many prices have been noted for each symbol since `from`, and at least two different ones. */
async function pricesShown(page, count, from = 0) {
  const enough = ({ symbols, count, from }) =>
    symbols.every((symbol) => {
      const prices = window.shown.slice(from).filter((each) => each.symbol === symbol);
      return prices.length >= count && new Set(prices.map(({ price }) => price)).size > 1;
    });
  await page.waitForFunction(enough, { symbols: SYMBOLS, count, from });
  return page.evaluate((from) => window.shown.slice(from), from);
}

const keyOf = ({ symbol, seq, price }) => `${symbol} ${seq} ${Number(price).toFixed(2)}`;

function assertMadeBy(server, shown) {
  const made = new Set(server.logLines().map(keyOf));
  for (const each of shown) {
    assert.equal(each.price, Number(each.price).toFixed(2));
    assert.ok(made.has(keyOf(each)), `the page shows ${keyOf(each)}, which the server never made`);
  }
}

const textOf = (page, role) => page.textContent(`[data-role="${role}"]`);
const stateIs = (page, state) => page.waitForSelector(`body[data-state="${state}"]`, { state: 'attached' });

test('page: every price it shows is one that the server made', LIMIT, async (context) => {
  const server = await startServer(context);
  const { page, complaints } = await openDashboard(context, server.url);
  assertMadeBy(server, await pricesShown(page, 30));
  assert.equal(await textOf(page, 'state'), 'open');
  assert.equal(await textOf(page, 'reconnects'), '0');
  assert.deepEqual(complaints, []);
});

test('page: real prices are shown as the file has them', LIMIT, async (context) => {
  if (!existsSync(DATA)) {
    context.skip(`no ${DATA}; TIDEWIRE_DATA names another file`);
    return;
  }
  const server = await startServer(context, '--replay', DATA, '--speed', '20');
  const { page, complaints } = await openDashboard(context, server.url);
  assertMadeBy(server, await pricesShown(page, 30));
  assert.deepEqual(complaints, []);
});

test('page: each symbol has a chart with its prices drawn on it', LIMIT, async (context) => {
  const server = await startServer(context);
  const { page } = await openDashboard(context, server.url);
  await pricesShown(page, 10);
  const painted = await page.$$eval('[data-symbol] canvas', (canvases) =>
    canvases.map((canvas) => {
      const probe = document.createElement('canvas').getContext('2d');
      probe.fillStyle = getComputedStyle(canvas).getPropertyValue('--trend');
      probe.fillRect(0, 0, 1, 1);
      const line = [...probe.getImageData(0, 0, 1, 1).data];
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      let count = 0;
      for (let at = 0; at < pixels.length; at += 4) count += line.every((value, each) => pixels[at + each] === value);
      return count > 20; // Axis and grid have other colours.
    }),
  );
  assert.deepEqual(painted, [true, true, true, true, true]);
});

test('page: the round-trip time is measured', LIMIT, async (context) => {
  const server = await startServer(context);
  const { page } = await openDashboard(context, server.url);
  await page.waitForFunction(() => document.querySelector('[data-role="rtt"]').textContent !== '–');
  assert.match(await textOf(page, 'rtt'), /^\d+(\.\d+)? ms$/);
});

test('page: the query chooses symbols', LIMIT, async (context) => {
  const server = await startServer(context);
  const { page } = await openDashboard(context, `${server.url}/?symbols=TSLA,AAPL`);
  await page.waitForSelector('[data-symbol="TSLA"][data-seq]');
  await page.waitForSelector('[data-symbol="AAPL"][data-seq]');
  const symbols = await page.$$eval('[data-symbol]', (cards) => cards.map((card) => card.dataset.symbol));
  assert.deepEqual(symbols, ['AAPL', 'TSLA']);
});

test('page: a symbol that the server does not know is shown with its refusal, beside the others', LIMIT, async (context) => {
  const server = await startServer(context);
  const { page, complaints } = await openDashboard(context, `${server.url}/?symbols=NONE,AAPL`);
  await page.waitForSelector('[data-symbol="AAPL"][data-seq]');
  const note = '[data-symbol="NONE"] [data-role="note"]:not(:empty)';
  await page.waitForSelector(note);
  assert.match(await page.textContent(note), /unknown-channel/);
  assert.deepEqual(complaints, []);
});

test('page: it shows how old each price is', LIMIT, async (context) => {
  const server = await startServer(context);
  const { page } = await openDashboard(context, server.url);
  await pricesShown(page, 2);
  const age = () => page.textContent('[data-symbol="AAPL"] [data-role="age"]');
  assert.match(await age(), /^0\.\d s old$/);
  await server.kill('SIGKILL');
  await page.waitForFunction(() =>
    /^[2-9]\.\d s old$/.test(document.querySelector('[data-symbol="AAPL"] [data-role="age"]').textContent),
  );
});

test('page: a killed and restarted server is found again by the same document', LIMIT, async (context) => {
  const first = await startServer(context);
  const { page } = await openDashboard(context, first.url);
  await pricesShown(page, 5);
  await first.kill('SIGKILL');

  await stateIs(page, 'waiting');
  assert.match(await textOf(page, 'detail'), /\w/);
  await page.waitForSelector('[data-symbol="AAPL"] .stale');
  const before = await page.evaluate(() => window.shown.length);
  assertMadeBy(first, await page.evaluate(() => window.shown));

  const second = await startServer(context, '--port', String(first.port));
  await stateIs(page, 'open');
  assertMadeBy(second, await pricesShown(page, 5, before));
  assert.equal(await textOf(page, 'reconnects'), '1');
  await page.waitForSelector('[data-symbol="AAPL"] .stale', { state: 'hidden' });
  // What the first server still made, or did not, nobody can tell.
  assert.equal(await page.textContent('[data-symbol="AAPL"] [data-role="missing"]'), '1 gap: prices lost');
});

test('page: no width from 320 to 1600 px scrolls sideways', LIMIT, async (context) => {
  const server = await startServer(context);
  const { page } = await openDashboard(context, server.url);
  await pricesShown(page, 2);
  // As long as they get.
  await page.$$eval('[data-role="skipped"]', (fields) => fields.forEach((field) => (field.textContent = '123456 replaced by newer')));
  await page.$$eval('[data-role="missing"]', (fields) => fields.forEach((field) => (field.textContent = '12 gaps: prices lost')));
  const tooWide = [];
  for (const width of [390, ...Array.from({ length: 33 }, (_, step) => 320 + 40 * step)]) {
    await page.setViewportSize({ width, height: 800 });
    const needed = await page.evaluate(() => document.documentElement.scrollWidth);
    if (needed > width) {
      tooWide.push([width, needed]);
    }
  }
  await page.setViewportSize(VIEWPORT);
  assert.deepEqual(tooWide, []);
});

test('page: a server that hangs without closing is seen within two seconds', LIMIT, async (context) => {
  const server = await startServer(context);
  const { page } = await openDashboard(context, server.url);
  await pricesShown(page, 5);
  const hung = performance.now();
  process.kill(server.pid, 'SIGSTOP');
  await page.waitForSelector('[data-symbol="AAPL"][data-live="false"]');
  await page.waitForFunction(() => document.querySelector('[data-role="state"]').textContent === 'no prices');
  assert.ok(performance.now() - hung < 2000);
  assert.match(await textOf(page, 'detail'), /^No prices for \d+ s$/);
  // The connection looks open all the while.
  assert.equal(await page.getAttribute('body', 'data-state'), 'open');
  process.kill(server.pid, 'SIGCONT');
  await page.waitForSelector('[data-symbol="AAPL"][data-live="true"]');
});

test('page: a chart has the colour of its own first and last price, a change that of its sign', LIMIT, async (context) => {
  const server = await startServer(context);
  const { page } = await openDashboard(context, server.url);
  const colours = await page.evaluate(async () => {
    const { SymbolCard } = await import('./dashboard.js');
    const card = new SymbolCard('XYZ', document.querySelector('#card'));
    document.body.append(card.element);
    for (const [seq, price] of [5, 4, 6, 4.5].entries()) {
      card.push({ price, change: 1.5, seq, ts: 1000 * seq }, 0);
    }
    card.render();
    return [card.element.dataset.trend, card.element.querySelector('.change').dataset.trend];
  });
  assert.deepEqual(colours, ['down', 'up']);
});

test('page: without a connection it shows the likely cause', LIMIT, async (context) => {
  const server = await startServer(context);
  const { page } = await openDashboard(context, `${server.url}/?url=wss://127.0.0.1:1/`);
  await page.waitForFunction(() => document.querySelector('[data-role="empty"]').textContent.includes('certificate'));
  assert.match(await textOf(page, 'detail'), /^The server cannot be reached/);
});
