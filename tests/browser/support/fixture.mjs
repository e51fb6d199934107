// What every page test of the binding needs: the binding served over HTTP, a browser, a fresh page, ticker servers.

import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startTickerServer } from '../../support/ticker_server.mjs';
import { launchBrowser } from './browser.mjs';
import { startStaticServer } from './static_server.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = process.env.TIDEWIRE_JS_DIST || path.join(HERE, '../../../build/web-release/bindings/js/dist');

/** No test of a page should take longer; what hangs fails instead. */
export const LIMIT = { timeout: 30_000 };

/** Call once in a test file. What it answers works inside tests. */
export function usePages() {
  const fixture = {};
  before(async () => {
    fixture.files = await startStaticServer({ dist: DIST, test: path.join(HERE, '../page') });
    fixture.browser = await launchBrowser();
  });
  after(async () => {
    await fixture.browser?.close();
    await fixture.files?.stop();
  });

  /** Runs `script(argument)` in a page of its own and answers what it returns. An error in the page fails the test. */
  fixture.inPage = async (script, argument) => {
    const { page, errors } = await fixture.openPage();
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

  fixture.openPage = async () => {
    const page = await fixture.browser.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(error));
    await page.goto(`${fixture.files.url}/`);
    return { page, errors };
  };
  return fixture;
}

/** Starts a ticker server that ends with the test, unless the test has ended it. */
export async function serverFor(test, args = []) {
  const server = await startTickerServer({ args });
  test.after(() => server.kill('SIGKILL'));
  return server;
}
