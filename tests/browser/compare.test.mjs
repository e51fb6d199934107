// The comparison page: what a visitor sees of both libraries when the connections are broken, by the real proxy and by
// the scripted network.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { launchServer } from '../support/children.mjs';
import { launchBrowser } from './support/browser.mjs';
import { startStaticServer } from './support/static_server.mjs';
import { Tabs } from './support/tabs.mjs';

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const WEB = path.join(process.env.TIDEWIRE_WEB || path.join(ROOT, 'build/web-release/web'), 'compare');
const SERVER =
  process.env.TICKER_SERVER || path.join(ROOT, 'build/native-release/samples/ticker_server/ticker_server');
/** Where the screenshots go. */
const PICTURES = path.join(WEB, '../../compare-screenshots');
const LIMIT = { timeout: 60_000 };

let browser;
let tabs;
before(async () => {
  browser = await launchBrowser();
  const shared = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await shared.addInitScript(defineLedgers);
  tabs = new Tabs(shared);
});
after(() => browser?.close());

async function startServed(context) {
  const program = path.join(ROOT, 'web/compare/serve.mjs');
  const served = await launchServer(process.execPath, [program, '--web', WEB, '--server', SERVER]);
  context.after(() => {
    served.child.kill('SIGTERM');
    return served.exited;
  });
  return `${served.url}/`;
}

async function startScripted(context) {
  const server = await startStaticServer({ compare: WEB });
  context.after(() => server.stop());
  return `${server.url}/compare/index.html`;
}

async function openPage(context, url) {
  const errors = [];
  const page = await tabs.open(url, { pageerror: (error) => errors.push(String(error)) });
  context.after(() => page.close());
  return { page: page.tab, errors };
}

// In the page: both ledgers, as they are shown.
function defineLedgers() {
  const ledgerOf = (side) =>
    Object.fromEntries(
      [...document.querySelectorAll(`#${side} dd`)].map((field) => [field.dataset.role, Number(field.textContent)]),
    );
  window.ledgers = () => ({ left: ledgerOf('left'), right: ledgerOf('right') });
}

/** Resolves to both ledgers once `holds(argument)`, a function of the page, does. */
async function ledgersWhen(page, holds, argument) {
  await page.waitForFunction(holds, argument);
  return page.evaluate(() => window.ledgers());
}

const harm = (page, fault) => page.click(`[data-fault="${fault}"]`);

// Functions of the page.

function bothSeen(count) {
  const { left, right } = window.ledgers();
  return left.seen >= count && right.seen >= count;
}

function bothAreBack(seen) {
  const { left, right } = window.ledgers();
  return left.seen > seen + 5 && right.seen > seen + 15 && left.lost > 0 && right.lost === 0;
}

function oneHasNoticed() {
  const { left, right } = window.ledgers();
  return left.stale >= 3 && right.lost === 0 && right.seen > left.seen + 30;
}

function gapIsReported(seen) {
  const { left, right } = window.ledgers();
  return right.reported === 1 && right.seen > seen + 5 && left.seen > seen + 5;
}

for (const [kind, start] of Object.entries({ served: startServed, scripted: startScripted })) {
  test(`compare, ${kind}: without a fault both see everything`, LIMIT, async (context) => {
    const { page, errors } = await openPage(context, await start(context));
    const { left, right } = await ledgersWhen(page, bothSeen, 15);
    for (const ledger of [left, right]) {
      assert.deepEqual([ledger.lost, ledger.doubled, ledger.stale], [0, 0, 0]);
    }
    assert.deepEqual(errors, []);
  });

  test(`compare, ${kind}: after a cut Tidewire has everything, and the other library has not`, LIMIT, async (context) => {
    const { page } = await openPage(context, await start(context));
    const { left: before } = await ledgersWhen(page, bothSeen, 5);
    await harm(page, 'cut');
    const { right } = await ledgersWhen(page, bothAreBack, before.seen);
    assert.equal(right.doubled, 0);
    assert.equal(right.reported, 0);
  });

  test(`compare, ${kind}: half-open connections are noticed by Tidewire only`, LIMIT, async (context) => {
    const { page } = await openPage(context, await start(context));
    await ledgersWhen(page, bothSeen, 5);
    await harm(page, 'freeze');
    const { left, right } = await ledgersWhen(page, oneHasNoticed);
    assert.ok(left.lost >= 20, `the other library has lost ${left.lost}`);
    assert.equal(right.stale, 0);
    assert.equal(right.doubled, 0);
    assert.equal(await page.textContent('#left [data-role="badge"]'), 'live');
  });

  test(`compare, ${kind}: of a killed server's prices Tidewire reports the gap`, LIMIT, async (context) => {
    const { page } = await openPage(context, await start(context));
    const { right: before } = await ledgersWhen(page, bothSeen, 5);
    await harm(page, 'kill');
    const { left, right } = await ledgersWhen(page, gapIsReported, before.seen);
    assert.equal(left.reported, 0);
    assert.equal(right.doubled, 0);
  });
}

test('compare: fits each width, dark and light, and is photographed', LIMIT, async (context) => {
  mkdirSync(PICTURES, { recursive: true });
  const { page } = await openPage(context, await startServed(context));
  await ledgersWhen(page, bothSeen, 10);
  await harm(page, 'freeze');
  await ledgersWhen(page, () => window.ledgers().left.stale > 0);
  for (const width of [390, 768, 1280]) {
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `wider than ${width}`);
      const both = await page.evaluate(() => [...document.querySelectorAll('.pane')].map((pane) => pane.clientWidth));
      assert.ok(Math.abs(both[0] - both[1]) <= 1, `the panes are ${both.join(' and ')} wide at ${width}`);
      await page.screenshot({ path: path.join(PICTURES, `${width}-${colorScheme}.png`), fullPage: true });
    }
  }
});

test('compare: a page of another origin cannot press the buttons', LIMIT, async (context) => {
  const url = await startServed(context);
  const send = (headers) => fetch(`${url}control/cut`, { method: 'POST', headers });
  assert.equal((await send({ origin: 'http://evil.example' })).status, 404);
  assert.equal((await send({ origin: url.slice(0, -1) })).status, 204);
});
