// Clients in a page of Chromium: CPU of its renderer for each message.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { startStaticServer } from '../../tests/browser/support/static_server.mjs';
import { median } from './measure.mjs';
import { OPENING, describeOpening, measureOpening } from './opening.mjs';
import { startServer } from './processes.mjs';
import { sizeName } from './scenarios.mjs';
import { rate, time } from './table.mjs';

const PLAIN = 'plain WebSocket';
const TIDEWIRE = ['Tidewire, JavaScript', 'Tidewire, C++'];
const SOCKET_IO = 'socket.io-client';
const CLIENTS = [PLAIN, 'reconnecting-websocket', SOCKET_IO, ...TIDEWIRE];
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

export const PAGE_IDS = [...pageCourses.map(({ id }) => id), OPENING.id];

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
      package: path.join(build, 'web/web/tidewire/bindings/js/package/dist'),
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

/** Measures one course: its clients take turns, each time in a page of its own. */
async function measureCourse(course, { browser, origins, repetitions, seconds, say }) {
  const step = course.batch || 1;
  const rounded = (count) => Math.min(course.most ?? Infinity, Math.ceil(count / step) * step);
  const once = (client, messages) => {
    const sized = { ...course, messages };
    return browser.measure(client, urlOf(client, sized, origins[client] ?? origins.others), sized);
  };
  const first = await once(PLAIN, rounded(FIRST));
  const messages = rounded((seconds * 1e9) / first.cpu);
  const runs = course.clients.map((client) => ({ client, results: [] }));
  for (let i = 0; i < repetitions; ++i) {
    for (const { client, results } of runs) {
      try {
        results.push(await once(client, messages));
      } catch (error) {
        say(`${course.id}: ${client}: ${error.message}`);
      }
    }
  }
  return compared(course, runs.filter(({ results }) => results.length > 0), messages);
}

/** The medians of each client, and their factor to the plain WebSocket. */
function compared(course, runs, messages) {
  const medians = runs.map(({ client, results }) => ({
    id: client,
    label: client,
    isTidewire: client.startsWith('Tidewire'),
    messages,
    cpu: median(results.map(({ cpu }) => cpu)),
    all: results.map(({ cpu }) => cpu),
    rate: median(results.map(({ rate: each }) => each)),
  }));
  const plain = medians.find(({ id }) => id === PLAIN);
  return medians.map((result) => ({
    ...result,
    factor: result.cpu / plain?.cpu,
    goal: TIDEWIRE.includes(result.id) ? goalOf(result.id, course) : undefined,
  }));
}

/** Measures what is `wanted`, by id: {version, courses: [{id, title, results}], opening}. */
export async function measurePages({ build, root, server, wanted, onResult, ...how }) {
  const socketIo = await startServer(process.execPath, { script: path.join(root, 'bench/driver/socket_io_server.mjs') });
  const browser = await Browser.launch({ build, root });
  const courses = [];
  try {
    for (const course of pageCourses.filter(({ id }) => wanted(id))) {
      const origins = { [SOCKET_IO]: socketIo.url, others: server.url };
      const results = await measureCourse(course, { browser, origins, ...how });
      courses.push({ id: course.id, title: course.title, results });
      onResult(courses.at(-1));
    }
    const opening = wanted(OPENING.id)
      ? await measureOpening({ chromium: browser.chromium, site: browser.site.url, to: `${server.url}/echo`,
          repetitions: Math.max(5, how.repetitions) })
      : undefined;
    if (opening) {
      console.log(`\n${describeOpening(opening)}`);
    }
    return { version: browser.version, courses, opening };
  } finally {
    await browser.close();
    await socketIo.stop();
  }
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
