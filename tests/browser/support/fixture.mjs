// What every page test of the binding needs: the binding served over HTTP, a browser, a fresh page, ticker servers. The
// browser is Chromium, or the engine that TIDEWIRE_TEST_ENGINE names.

import { createServer } from 'node:net';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ANY_ORIGIN, startTickerServer } from '../../support/ticker_server.mjs';
import { launchBrowser } from './browser.mjs';
import { ISOLATION } from './engines.mjs';
import { RemoteBrowser } from './remote_browser.mjs';
import { startStaticServer } from './static_server.mjs';
import { Tabs } from './tabs.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = process.env.TIDEWIRE_JS_DIST || path.join(HERE, '../../../build/web-release/bindings/js/dist');

/** chromium, firefox or webkit. */
export const ENGINE = process.env.TIDEWIRE_TEST_ENGINE || 'chromium';

/** No test of a page should take longer; what hangs fails instead. */
export const LIMIT = { timeout: 30_000 };

let shared = null;

/** Call once in a test file. What it answers works inside tests. Files that run in one process share the browser. */
export function usePages() {
  return (shared ??= makeFixture());
}

function makeFixture() {
  const fixture = {};
  let tabs;
  before(async () => {
    const folders = { dist: DIST, test: path.join(HERE, '../page') };
    if (ENGINE === 'chromium') {
      fixture.files = await startStaticServer(folders);
      fixture.browser = await launchBrowser();
      // One context: each takes more time than a test.
      tabs = new Tabs(await fixture.browser.newContext());
      return;
    }
    fixture.browser = new RemoteBrowser();
    tabs = fixture.browser;
    fixture.files = await startStaticServer(folders, { post: fixture.browser.post, headers: ISOLATION });
    await fixture.browser.launch(ENGINE, fixture.files.url);
  });
  after(async () => {
    await fixture.browser?.close();
    await fixture.files?.stop();
  });

  /**
   * Runs `script(argument)` in a page of its own and answers what it returns. An error in the page fails the test.
   * `policy`: the page's content security policy.
   */
  fixture.inPage = async (script, argument, policy) => {
    const { page, errors } = await fixture.openPage(policy);
    try {
      const result = await page.evaluate(script, argument);
      if (errors.length > 0) {
        throw errors[0];
      }
      return result;
    } finally {
      await page.close();
    }
  };

  fixture.openPage = async (policy) => {
    const errors = [];
    const address = `${fixture.files.url}/${policy === undefined ? '' : `?${new URLSearchParams({ policy })}`}`;
    return { page: await tabs.open(address, { pageerror: (error) => errors.push(error) }), errors };
  };
  return fixture;
}

/** Starts a ticker server that ends with the test, unless the test has ended it. */
export async function serverFor(test, args = []) {
  const server = await startTickerServer({ args: [...ANY_ORIGIN, ...args] });
  test.after(() => server.kill('SIGKILL'));
  return server;
}

/** A port on which nobody listens: the kernel has just given it to us, and will not give it to another at once. */
export async function closedPort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
