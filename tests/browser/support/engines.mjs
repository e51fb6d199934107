// Every engine that the contract suite runs in, and how an address is opened there. Nothing of a driver is used but
// opening and closing, so that the engines have one way in common: what the page tells by HTTP.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { CHROMIUM_ARGUMENTS, HEADLESS_CHROMIUM } from './browser.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));

/** Headers of a page. Firefox and WebKit tell only isolated pages the time in less than whole milliseconds. */
export const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

const OPENERS = { chromium: openInChromium, firefox: openInFirefox, webkit: openInWebKit, node: openInNode };

// The browser that WebKitGTK itself comes with.
const MINI_BROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';

const FIREFOX_PREFERENCES = {
  // Whatever Firefox wants of its makers ends at a proxy that is not there: nothing leaves this machine.
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.proxy.no_proxies_on': '127.0.0.1',
  // After a failed connection Firefox itself puts off the next one to the same server, up to a minute.
  'network.websocket.delay-failed-reconnects': false,
  'app.update.enabled': false,
  // What a browser does for the people who use it takes a fifth of such a run's processor time.
  'browser.newtabpage.enabled': false,
  'browser.region.update.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.search.update': false,
  'browser.topsites.contile.enabled': false,
  'dom.ipc.processPrelaunch.enabled': false,
  'extensions.screenshots.disabled': true,
  'extensions.systemAddon.update.enabled': false,
  'javascript.options.wasm_optimizingjit': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': '',
  'toolkit.telemetry.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
};

/**
 * Opens `address` in an engine: chromium, firefox, webkit or node. Answers
 * - `failed`: a promise that is rejected if the engine ends by itself, and never resolved
 * - `close()`
 */
export function openIn(engine, address) {
  return OPENERS[engine](address);
}

// What a driver hears of each request takes Chromium more time than the request.
async function openInChromium(address) {
  const home = makeFolder();
  const options = ['--headless', '--disable-dev-shm-usage', '--disable-extensions', `--user-data-dir=${home}`];
  const chromium = start(HEADLESS_CHROMIUM, [...CHROMIUM_ARGUMENTS, ...options, address], { HOME: home });
  return { failed: chromium.failed, close: () => chromium.stop().then(() => removeFolder(home)) };
}

async function openInFirefox(address) {
  const home = makeFolder();
  const lines = Object.entries(FIREFOX_PREFERENCES).map((entry) => `user_pref(${JSON.stringify(entry).slice(1, -1)});`);
  writeFileSync(path.join(home, 'user.js'), lines.join('\n'));
  const program = process.env.TIDEWIRE_FIREFOX || 'firefox-esr';
  const firefox = start(program, ['--headless', '--no-remote', '--profile', home, address], { HOME: home });
  return { failed: firefox.failed, close: () => firefox.stop().then(() => removeFolder(home)) };
}

// WebKitGTK has no headless mode. Its sandbox wants rights that a container does not give.
async function openInWebKit(address) {
  const home = makeFolder();
  const screen = start('Xvfb', ['-displayfd', '3', '-nolisten', 'tcp'], {}, ['ignore', 'ignore', 'ignore', 'pipe']);
  const number = new Promise((resolve) => screen.child.stdio[3].once('data', (text) => resolve(String(text).trim())));
  const display = `:${await Promise.race([number, screen.failed])}`;
  const environment = { DISPLAY: display, HOME: home, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' };
  const browser = start(process.env.TIDEWIRE_WEBKIT || MINI_BROWSER, ['--private', address], environment);
  return {
    failed: Promise.race([browser.failed, screen.failed]),
    async close() {
      await browser.stop();
      await screen.stop();
      removeFolder(home);
    },
  };
}

async function openInNode(address) {
  const node = start(process.execPath, [path.join(HERE, 'contract_node.mjs'), address], {}, 'inherit');
  return { failed: node.failed, close: () => node.stop() };
}

/** Starts a program; `failed` is rejected when it ends before `stop()`. */
function start(program, args, environment, stdio = 'ignore') {
  const child = spawn(program, args, { stdio, env: { ...process.env, ...environment } });
  running.add(child);
  let stopping = false;
  const ended = new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(`ended with ${signal ?? code}`));
    child.on('error', (error) => resolve(`cannot be started: ${error.message}`));
  }).finally(() => running.delete(child));
  const failed = new Promise((_, reject) => {
    ended.then((how) => stopping || reject(new Error(`${program} ${how}`)));
  });
  failed.catch(() => {}); // Whoever waits for it is told all the same.
  return {
    child,
    failed,
    stop() {
      stopping = true;
      child.kill('SIGKILL');
      return ended;
    },
  };
}

function makeFolder() {
  return mkdtempSync(path.join(os.tmpdir(), 'tidewire-browser-'));
}

// A killed browser's processes may write for a moment longer.
function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}
