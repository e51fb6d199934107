// Clients in a page of Chromium: CPU of its renderer for each message.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { startStaticServer } from '../../tests/browser/support/static_server.mjs';
import { median } from './measure.mjs';
import { startServer } from './processes.mjs';
import { sizeName } from './scenarios.mjs';
import { rate, time } from './table.mjs';

const PLAIN = 'plain WebSocket';
const TIDEWIRE = ['Tidewire, JavaScript', 'Tidewire, C++'];
const CLIENTS = [PLAIN, 'reconnecting-websocket', 'socket.io-client', ...TIDEWIRE];
const ARGUMENTS = ['--disable-background-networking', '--disable-gpu', '--no-first-run', '--no-sandbox'];

const FIRST = 2000; // Messages of the run that finds out how many a measurement needs.

const GOAL = 1.05;
const GOAL_OF_LONG_TEXTS = 1.25; // In C++, which needs their bytes.

const plainCourses = [64, 1024, 65536].flatMap((bytes) =>
  [true, false].flatMap((text) =>
    ['receive', 'batches'].map((course) => ({
      id: `page-${course}-${bytes}-${text ? 'text' : 'binary'}`,
      title: `${course === 'receive' ? 'Receive' : 'Send'} ${sizeName(bytes)}, ${text ? 'text' : 'binary'}, in the page`,
      course,
      bytes,
      text,
      batch: course === 'batches' ? Math.max(4, Math.min(200, Math.floor(262_144 / bytes))) : 0,
      clients: CLIENTS,
    })),
  ),
);

const EVENTS = 'Tidewire, events';
const JOINED = 'Tidewire, joined events';
const MOST_EVENTS = 300_000; // The server prepares them all.

export const pageCourses = [
  ...plainCourses,
  { id: 'page-session', title: 'Events of 100 B of a session, in the page', course: 'receive', bytes: 100, text: true, batch: 0,
    clients: [PLAIN, EVENTS, JOINED], most: MOST_EVENTS },
];

const goalOf = (client, { bytes, text }) =>
  client === 'Tidewire, C++' && bytes === 65536 && text ? GOAL_OF_LONG_TEXTS : GOAL;

/** Nanoseconds on a processor, of all threads of a process. */
function cpuOf(pid) {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      total += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // The thread has ended.
    }
  }
  return total;
}

class Browser {
  static async launch({ build, root }) {
    const browser = new Browser();
    browser.site = await startStaticServer({
      dist: path.join(build, 'web/web/tidewire/bindings/js/dist'),
      wasm: path.join(build, 'web/web'),
      modules: path.join(root, 'bench/node_modules'),
      bench: path.join(root, 'bench/web'),
    });
    browser.chromium = await chromium.launch({
      executablePath: process.env.TIDEWIRE_CHROMIUM || '/usr/bin/chromium',
      args: ARGUMENTS,
    });
    browser.version = browser.chromium.version();
    browser.session = await browser.chromium.newBrowserCDPSession();
    return browser;
  }

  async renderers() {
    const { processInfo } = await this.session.send('SystemInfo.getProcessInfo');
    return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  }

  /** Runs one course in a page of its own: nanoseconds of the renderer's CPU for a message, and messages a second. */
  async measure(client, url, course) {
    const page = await this.chromium.newPage();
    try {
      await page.goto(`${this.site.url}/`);
      await page.addScriptTag({ type: 'module', url: '/bench/page.js' });
      await page.waitForFunction(() => globalThis.prepare !== undefined);
      await page.evaluate(([name, to, what]) => globalThis.prepare(name, to, what), [client, url, course]);
      const pids = await this.renderers();
      const before = pids.map(cpuOf);
      const wall = await page.evaluate(async () => {
        const begun = performance.now();
        await globalThis.run();
        return performance.now() - begun;
      });
      // The page's renderer is the one that worked; others start or end meanwhile.
      const cpu = Math.max(...pids.map((pid, i) => cpuOf(pid) - before[i]));
      return { cpu: cpu / course.messages, rate: course.messages / (wall / 1000) };
    } finally {
      await page.close();
    }
  }

  async close() {
    await this.chromium.close();
    await this.site.stop();
  }
}

function urlOf(client, course, origin) {
  if (client === EVENTS || client === JOINED) {
    return `${origin}/session?messages=${course.messages}&bytes=${course.bytes}${client === JOINED ? '&joined=1' : ''}`;
  }
  const { messages, bytes, text, batch } = course;
  return `${origin}/${course.course}?messages=${messages}&bytes=${bytes}&batch=${batch}&wait=1${text ? '&text=1' : ''}`;
}

/** Measures all courses whose id contains one of `wanted`, in turn: {id, title, results}. */
export async function measurePages({ build, root, server, repetitions, seconds, wanted, say, onResult }) {
  const socketIo = await startServer(process.execPath, { script: path.join(root, 'bench/driver/socket_io_server.mjs') });
  const browser = await Browser.launch({ build, root });
  const all = [];
  try {
    for (const course of pageCourses.filter(({ id }) => wanted(id))) {
      const measured = [];
      const runs = course.clients.map((client) => ({ client, results: [] }));
      const origin = (client) => (client === 'socket.io-client' ? socketIo.url : server.url);
      const once = async (client, messages) => {
        const sized = { ...course, messages };
        return browser.measure(client, urlOf(client, sized, origin(client)), sized);
      };
      const step = course.batch || 1;
      const first = await once(PLAIN, Math.ceil(FIRST / step) * step);
      const messages = Math.min(course.most ?? Infinity, Math.ceil((seconds * 1e9) / first.cpu / step) * step);
      for (let i = 0; i < repetitions; ++i) {
        for (const { client, results } of runs) {
          try {
            results.push(await once(client, messages));
          } catch (error) {
            say(`${course.id}: ${client}: ${error.message}`);
          }
        }
      }
      for (const { client, results } of runs.filter((run) => run.results.length > 0)) {
        const cpu = results.map((result) => result.cpu);
        measured.push({ id: client, label: client, isTidewire: TIDEWIRE.includes(client), cpu: median(cpu), all: cpu,
          rate: median(results.map(({ rate }) => rate)), messages });
      }
      const plain = measured.find(({ id }) => id === PLAIN);
      for (const result of measured) {
        result.factor = result.cpu / plain.cpu;
        if (result.isTidewire) result.goal = goalOf(result.id, course);
      }
      const result = { id: course.id, title: course.title, results: measured };
      onResult(result);
      all.push(result);
    }
  } finally {
    await browser.close();
    await socketIo.stop();
  }
  return { version: browser.version, courses: all };
}

export function printPage({ title, results }) {
  console.log(`\n${title}: CPU of the renderer`);
  for (const { label, cpu, factor, goal, rate: perSecond } of results) {
    console.log(
      [
        '  ',
        label.padEnd(38),
        time(cpu).padStart(10),
        `${rate(perSecond)}/s`.padStart(14),
        `  × ${factor.toFixed(2)}`,
        goal ? ` (goal ${goal.toFixed(2)})` : '',
      ].join(' ').trimEnd(),
    );
  }
}
