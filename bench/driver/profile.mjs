// Where Tidewire's time goes in the scenarios that miss their goal: samples of `perf`, by what they lie in.

import { execFileSync } from 'node:child_process';
import path from 'node:path';

import { clientArguments } from './measure.mjs';
import { runClient } from './processes.mjs';
import { ratioOf } from './table.mjs';

const SAMPLES_A_SECOND = 4000;

/** The parts of a client's time. The first whose pattern fits a sample has it; an image is a library, or the kernel. */
const PARTS = [
  { id: 'copy', title: 'kernel: copies', image: /kernel/, symbol: /_copy_(to|from)_iter|copy_user|copy_(to|from)_user/ },
  { id: 'switch', title: 'kernel: waking, switching', image: /kernel/,
    symbol: /finish_task_switch|schedule|futex|try_to_wake|wake_up|epoll|ep_|eventfd|(en|de)queue_task|pick_|hrtimer/ },
  { id: 'kernel', title: 'kernel: the rest', image: /kernel|vdso/, symbol: /./ },
  { id: 'crypto', title: 'OpenSSL', image: /libcrypto|libssl/, symbol: /./ },
  { id: 'mask', title: 'mask', image: /./, symbol: /copyMasked|writeFrame|frameChecked/ },
  { id: 'utf8', title: 'UTF-8', image: /./, symbol: /Utf8|Ascii/ },
  { id: 'libraries', title: 'C and C++ library, libev', image: /lib(c|stdc\+\+|ev|m)[.-]|ld-linux/, symbol: /./ },
  { id: 'own', title: 'Tidewire, the rest', image: /./, symbol: /./ },
];

/** Shares of the samples in `file`, by the id of a part. */
function sharesOf(file) {
  const report = execFileSync('perf', ['report', '-i', file, '--stdio', '--no-children', '-F', 'overhead,dso,symbol',
    '--percent-limit', '0', '-t', '|'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 });
  const shares = Object.fromEntries(PARTS.map(({ id }) => [id, 0]));
  for (const line of report.split('\n')) {
    const [percent, image, symbol] = line.split('|').map((cell) => cell.trim());
    if (line.startsWith('#') || symbol === undefined) continue;
    shares[PARTS.find((part) => part.image.test(image) && part.symbol.test(symbol)).id] += Number.parseFloat(percent) / 100;
  }
  return shares;
}

const hasPerf = () => {
  try {
    return execFileSync('perf', ['--version'], { stdio: 'ignore' }) !== undefined;
  } catch {
    return false;
  }
};

/** Tidewire's entries whose ratio is below its goal. */
function missed(measured, scenarios, peers) {
  return measured.flatMap((scenario) =>
    scenario.results
      .filter((each) => each.isTidewire && ratioOf(scenario, scenario.results, each) < scenario.goals[each.id])
      .map((result) => {
        const known = scenarios.find(({ id }) => id === scenario.id);
        return { scenario: known, result, entry: known.entries({ peers }).find(({ id }) => id === result.id) };
      }),
  );
}

/** Profiles what missed its goal. Returns: [{ title, cpu, shares }]; null without `perf`. */
export async function profile(measured, scenarios, { peers, servers, tls, seconds, folder, say }) {
  if (!hasPerf()) {
    say('without a profile: there is no perf');
    return null;
  }
  const file = path.join(folder, 'perf.data');
  const wrapper = ['perf', 'record', '-q', '-o', file, '-e', 'cpu-clock', '-F', SAMPLES_A_SECOND];
  const profiles = [];
  for (const { scenario, result, entry } of missed(measured, scenarios, peers)) {
    const wanted = Math.min(scenario.limit, (seconds * 1e9) / result.cpu);
    const messages = Math.max(2, Math.ceil(wanted / scenario.multiple)) * scenario.multiple;
    const server = scenario.tls ? servers.tls : servers.plain;
    try {
      await runClient(entry.peer.program, clientArguments(scenario, entry, messages, server, tls), { wrapper });
      const variant = result.label.replace(/^Tidewire,? ?/, '');
      profiles.push({
        title: variant ? `${scenario.title}: ${variant}` : scenario.title,
        cpu: result.cpu,
        shares: sharesOf(file),
      });
    } catch (error) {
      say(`no profile of ${scenario.id}: ${error.message.trim()}`);
    }
  }
  return profiles;
}

export const parts = PARTS.map(({ id, title }) => ({ id, title }));

export function printProfile(profiles) {
  for (const { title, shares } of profiles) {
    const cells = parts.map((part) => `${part.title} ${Math.round(100 * shares[part.id])} %`);
    console.log(`${title}: ${cells.join(', ')}`);
  }
}
