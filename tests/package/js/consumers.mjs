// Consumers of the npm package: it is packed and installed by npm, and every consumer is a folder of its own, outside the
// tree, with a copy of what npm installed.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import { launchBrowser } from '../../browser/support/browser.mjs';
import { startStaticServer } from '../../browser/support/static_server.mjs';
import { Tabs } from '../../browser/support/tabs.mjs';
import { ANY_ORIGIN, startTickerServer } from '../../support/ticker_server.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const PACKAGE =
  process.env.TIDEWIRE_PACKAGE || path.join(HERE, '../../../build/web-release/bindings/js/package');

export const TOOLS = path.join(HERE, '../../node_modules');

export const LIMIT = { timeout: 60_000 };

/** What `echo` answers when the connection has worked. */
export const ECHOED = { received: 'hello', code: 1000, state: 'closed' };

/** JavaScript of a consumer: `echo(url, Client)` opens a connection, sends, receives and closes it. */
export const ECHO = `globalThis.echo = (url, Client) => new Promise((resolve) => {
  const client = new Client(url, { heartbeat: { interval: 0 } });
  let received = null;
  client.addEventListener('open', () => client.send('hello'));
  client.addEventListener('message', ({ data }) => {
    received = data;
    client.close();
  });
  client.addEventListener('close', ({ code, detail }) => {
    client.close();
    const { state } = client;
    resolve(received === null ? { detail } : { received, code, state });
  });
  client.connect();
});
`;

/** The script of a page that imports the package by this name. */
export const appOf = (name) => `import { Client } from '${name}';
${ECHO}
globalThis.run = (url) => echo(url, Client);
`;

export const HTML = (script, head = '') =>
  `<!doctype html><title>Consumer</title><link rel="icon" href="data:,">${head}${script}`;

/** Call once in a test file. `pages`: whether it needs a browser. What it answers works inside tests. */
export function useConsumers({ pages = true } = {}) {
  const fixture = {};
  before(async () => {
    fixture.root = mkdtempSync(path.join(os.tmpdir(), 'tidewire-consumers-'));
    installPackage(path.join(fixture.root, 'installed'));
    fixture.server = await startTickerServer({ args: ANY_ORIGIN });
    fixture.echo = `${fixture.server.ws}/echo`;
    if (pages) {
      fixture.files = await startStaticServer({ site: fixture.root });
      fixture.browser = await launchBrowser();
      fixture.tabs = new Tabs(await fixture.browser.newContext());
    }
  });
  after(async () => {
    await fixture.browser?.close();
    await fixture.files?.stop();
    await fixture.server?.kill('SIGKILL');
    rmSync(fixture.root, { recursive: true, force: true });
  });

  /** Makes a folder with the installed package and these files, and returns its path. */
  fixture.consumer = (name, files = {}) => {
    const folder = path.join(fixture.root, name);
    cpSync(path.join(fixture.root, 'installed/node_modules/tidewire'), path.join(folder, 'node_modules/tidewire'), {
      recursive: true,
    });
    Object.entries({ 'package.json': '{"type":"module"}', ...files }).forEach(([file, text]) => {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text);
    });
    return folder;
  };

  /** The address of a file of the consumer's. */
  fixture.address = (folder, file) => `${fixture.files.url}/site/${path.relative(fixture.root, folder)}/${file}`;

  /** Opens an address, calls `run(echo address)` there once it exists, and answers its result and what was fetched. */
  fixture.runPage = async (address, run = (url) => globalThis.run(url)) => {
    const fetched = [];
    const request = (each) => fetched.push(new URL(each.url()).pathname.split('/').pop());
    const page = await fixture.tabs.open(address, { request });
    try {
      await page.tab.waitForFunction(() => globalThis.run !== undefined);
      const early = [...fetched];
      return { result: await page.evaluate(run, fixture.echo), early, fetched };
    } finally {
      await page.close();
    }
  };
  return fixture;
}

/** Links a package of the tests' own node_modules into the consumer. */
export function link(folder, name) {
  const place = path.join(folder, 'node_modules', name);
  mkdirSync(path.dirname(place), { recursive: true });
  symlinkSync(path.join(TOOLS, name), place);
}

// It has no dependencies, so that nothing is fetched.
function installPackage(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"name":"consumer","private":true}');
  const npm = (...words) => execFileSync('npm', words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const tarball = npm('pack', '--silent', path.resolve(PACKAGE)).trim();
  npm('install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', `./${tarball}`);
}
