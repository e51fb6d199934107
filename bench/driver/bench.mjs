// The benchmark: runs every scenario with every client that is there. `node bench.mjs --help` lists the options.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { drawCharts } from './charts.mjs';
import { measureCompiling, printCompiling } from './compile.mjs';
import { count, printCounts } from './counts.mjs';
import { measureIdle, measureReconnect, printIdle, printReconnect } from './crowd.mjs';
import { documentOf } from './document.mjs';
import { describeMachine, findVersions } from './machine.mjs';
import { measure } from './measure.mjs';
import { PAGE_IDS, measurePages, pageCourses, printPage } from './page.mjs';
import { findPeers } from './peers.mjs';
import { makeCertificate, startServer } from './processes.mjs';
import { printProfile, profile } from './profile.mjs';
import { scenarios } from './scenarios.mjs';
import { printScenario } from './table.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.join(HERE, '../..');

// Measured besides the scenarios.
const OTHERS = {
  counts: 'System calls and allocations of each message',
  idle: '1,000 and 10,000 idle connections in one process',
  reconnect: '10,000 clients after a restart of their server',
  profile: 'Where the time goes in the scenarios measured that miss their goal (perf)',
  compiling: 'What a client adds to the time to compile a program, and to its size',
  page: 'Clients in a page of Chromium',
};

const HELP = `Options:
  --quick               a short look: less time, three repetitions
  --only TEXT[,TEXT]    scenarios whose id or group contains one of these
  --peers ID[,ID]       these peers only, beside Tidewire
  --repeat N            repetitions of each measurement (5); the median counts
  --seconds S           how long a measurement takes (0.3; in a page 1)
  --build FOLDER        the programs (build/bench)
  --tidewire LABEL=PATH a further build of tidewire_client, to compare with; may be repeated
  --write               writes docs/performance.md even after a part or a short look
  --list                lists scenarios and peers`;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    peers: { type: 'string', default: '' },
    repeat: { type: 'string' },
    seconds: { type: 'string' },
    build: { type: 'string', default: path.join(ROOT, 'build/bench') },
    tidewire: { type: 'string', multiple: true, default: [] },
    write: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

const say = (text) => console.error(text);
const repetitions = Number(options.repeat ?? (options.quick ? 3 : 5));
const seconds = Number(options.seconds ?? (options.quick ? 0.05 : 0.3));
const wantedTexts = options.only.split(',').filter(Boolean);
const wanted = (id, group) => wantedTexts.length === 0 || wantedTexts.some((text) => id.includes(text) || group === text);
// What a short look leaves out unless it is chosen: what says the same as something else, and what takes long.
const isShort = options.quick && wantedTexts.length === 0;
const quickly = (id) => !isShort || !/binary|-1k|-1m$|-1024-|page-batches/.test(id);

const found = findPeers({
  build: options.build,
  clients: path.join(HERE, '../clients'),
  chosen: options.peers.split(',').filter(Boolean),
  others: options.tidewire,
});
const { missing } = found;
const peers = isShort ? found.peers.filter(({ slow }) => !slow) : found.peers;
const chosen = scenarios.filter(({ id, group }) => wanted(id, group) && quickly(id));
if (options.list) {
  for (const { id, group, title } of scenarios) console.log(`${id.padEnd(24)} ${group.padEnd(10)} ${title}`);
  for (const [id, title] of Object.entries(OTHERS)) console.log(`${id.padEnd(35)} ${title}`);
  for (const { id, label } of peers) console.log(`${id.padEnd(35)} ${label}`);
  process.exit(0);
}
for (const peer of missing) say(`without ${peer.label}: ${peer.needs ?? 'its client'} is not there`);

const program = path.join(options.build, 'measuring_server');
// Not in the build tree, where another run might replace it.
const temporary = mkdtempSync(path.join(os.tmpdir(), 'bench-'));
const tls = makeCertificate(temporary);

async function measureScenarios(servers) {
  const measured = [];
  for (const scenario of chosen) {
    const results = await measure(scenario, scenario.entries({ peers }), { servers, tls, say, repetitions, seconds });
    printScenario(scenario, results);
    const { id, group, title, goals, goalOf, against } = scenario;
    measured.push({ id, group, title, goals, goalOf, against, results });
  }
  return measured;
}

async function measureOthers(results, servers) {
  const server = servers.plain;
  const tidewire = peers.find(({ isTidewire }) => isTidewire);
  const others = isShort ? [tidewire] : peers;
  if (wanted('profile') && !isShort) {
    results.profile = await profile(results.native, scenarios, { peers, servers, tls, seconds, folder: temporary, say });
    printProfile(results.profile ?? []);
  }
  if (wanted('counts')) {
    results.counts = await count(others, { url: server.url, build: options.build, say });
    printCounts(results.counts);
  }
  if (wanted('idle')) {
    results.idle = [];
    for (const connections of options.quick ? [1000] : [1000, 10_000]) {
      results.idle.push(await measureIdle(others, connections, { url: server.url, repetitions: Math.min(3, repetitions), say }));
      printIdle(results.idle.at(-1));
    }
  }
  if (wanted('reconnect') && !isShort) {
    results.reconnect = await measureReconnect(tidewire, 10_000, program);
    printReconnect(results.reconnect);
  }
  if (wanted('compiling')) {
    results.compiling = measureCompiling(ROOT, options.build, Math.min(5, repetitions));
    printCompiling(results.compiling);
  }
  const pageWanted = (id) => wanted(id, 'page') && quickly(id);
  if (PAGE_IDS.some(pageWanted) && existsSync(path.join(options.build, 'web/web/page_client.js'))) {
    results.page = await measurePages({ build: options.build, root: ROOT, server, repetitions: Math.min(5, repetitions),
      seconds: options.quick ? 0.2 : 1, wanted: pageWanted, say,
      onResult: printPage });
  }
}

const results = {
  date: new Date().toISOString().slice(0, 10),
  machine: describeMachine(),
  versions: findVersions(ROOT, options.build),
  repetitions,
};
const servers = { plain: await startServer(program), tls: await startServer(program, { tls }) };
try {
  results.native = await measureScenarios(servers);
  await measureOthers(results, servers);
} finally {
  await servers.plain.stop();
  await servers.tls.stop();
  rmSync(temporary, { recursive: true });
}

const folder = path.join(options.build, 'results');
mkdirSync(folder, { recursive: true });
writeFileSync(path.join(folder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
// A part, or a short look, does not replace the document.
if (options.write || (!options.quick && wantedTexts.length === 0 && options.peers === '' && options.tidewire.length === 0)) {
  const charts = await drawCharts(path.join(ROOT, 'docs/performance'), results);
  writeFileSync(path.join(ROOT, 'docs/performance.md'), documentOf(results, charts));
  console.log('\nwritten: docs/performance.md');
}
