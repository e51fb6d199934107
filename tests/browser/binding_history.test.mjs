// The back/forward cache: a client that was never closed does not keep a page out of it, and goes on when the page is shown
// again.

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { testServerFor } from '../support/test_server.mjs';
import { launchWholeBrowser } from './support/browser.mjs';
import { LIMIT } from './support/fixture.mjs';
import { startStaticServer } from './support/static_server.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = process.env.TIDEWIRE_JS_DIST || path.join(HERE, '../../build/web-release/bindings/js/dist');

// Since 2024 Chromium closes the sockets of such a page by itself. Before that, an open one kept the page out.
const OLDER = ['--disable-features=DisconnectWebSocketOnBFCache'];

for (const [what, more] of [['Chromium', []], ['an older Chromium', OLDER]]) {
  test(`history: a page with a session goes into the cache of ${what}, and resumes`, LIMIT, async (context) => {
    const server = await testServerFor(context);
    const files = await startStaticServer({ dist: DIST });
    const browser = await launchWholeBrowser({ more, without: ['--disable-back-forward-cache'] });
    context.after(() => Promise.all([browser.close(), files.stop()]));
    const page = await browser.newPage();
    await page.goto(`${files.url}/first`);
    await page.evaluate(async (url) => {
      const { Session } = await import('/dist/tidewire.js');
      const session = (globalThis.session = new Session(url));
      globalThis.log = [];
      session.addEventListener('close', ({ cause, willRetry }) => log.push(cause, willRetry));
      const subscription = session.subscribe('a', {}, { onEvent: ({ data }) => log.push(data) });
      session.connect();
      while (!subscription.isLive) await new Promise((resolve) => setTimeout(resolve, 5));
    }, server.url);
    await page.goto(`${files.url}/second`);
    await (await server.opened(1)).closed;
    await server.publish('a', 'meanwhile');
    await page.evaluate(() => void setTimeout(() => history.back()));
    await server.opened(2);
    await page.waitForFunction(() => globalThis.log?.includes('meanwhile'));
    const [log, reasons] = await page.evaluate(() => [
      globalThis.log,
      performance.getEntriesByType('navigation')[0].notRestoredReasons,
    ]);
    assert.deepEqual(log, ['connection-lost', true, 'meanwhile']);
    assert.equal(reasons, null);
  });
}
