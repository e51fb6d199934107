// The benchmark: runs every scenario with every client that is there. `node bench.mjs --help` lists the options.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { measure } from './measure.mjs';
import { findPeers } from './peers.mjs';
import { makeCertificate, startServer } from './processes.mjs';
import { scenarios } from './scenarios.mjs';
import { printScenario } from './table.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.join(HERE, '../..');

const HELP = `Options:
  --quick               a short look: less time, three repetitions
  --only TEXT[,TEXT]    scenarios whose id or group contains one of these
  --peers ID[,ID]       these peers only, beside Tidewire
  --repeat N            repetitions of each measurement (7); the median counts
  --seconds S           how long a measurement takes (0.4)
  --build FOLDER        the programs (build/bench)
  --tidewire LABEL=PATH a further build of tidewire_client, to compare with; may be repeated
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
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

const say = (text) => console.error(text);
const wanted = options.only.split(',').filter(Boolean);
const chosen = scenarios.filter(
  ({ id, group }) => wanted.length === 0 || wanted.some((text) => id.includes(text) || group === text),
);
const { peers, missing } = findPeers({
  build: options.build,
  clients: path.join(HERE, '../clients'),
  chosen: options.peers.split(',').filter(Boolean),
  others: options.tidewire,
});
if (options.list) {
  for (const { id, title } of scenarios) console.log(`${id.padEnd(24)} ${title}`);
  for (const { id, label } of peers) console.log(`${id.padEnd(24)} ${label}`);
  process.exit(0);
}
for (const peer of missing) say(`without ${peer.label}: ${peer.needs ?? 'its client'} is not there`);

const server = path.join(options.build, 'measuring_server');
const tls = makeCertificate(path.join(options.build, 'certificate'));
const servers = { plain: await startServer(server), tls: await startServer(server, { tls }) };
const all = [];
try {
  for (const scenario of chosen) {
    const results = await measure(scenario, scenario.entries({ peers }), {
      servers,
      tls,
      say,
      repetitions: Number(options.repeat ?? (options.quick ? 3 : 7)),
      seconds: Number(options.seconds ?? (options.quick ? 0.1 : 0.4)),
    });
    printScenario(scenario, results);
    all.push({ scenario: scenario.id, results });
  }
} finally {
  await servers.plain.stop();
  await servers.tls.stop();
}
mkdirSync(path.join(options.build, 'results'), { recursive: true });
writeFileSync(path.join(options.build, 'results/native.json'), `${JSON.stringify(all, null, 1)}\n`);
