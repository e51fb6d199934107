// System calls and allocations, which do not depend on the machine's speed. Each count is the difference of two runs, one
// with twice as many messages, so what happens once does not count.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { runClient } from './processes.mjs';

const MIB = 1024 * 1024;

/** What is counted: a client's arguments for so many messages, and what a count is divided by. */
export const counted = [
  { id: 'receive-64', title: 'Receive 64 B', messages: 400_000, bytes: 64, course: 'receive' },
  { id: 'receive-1k', title: 'Receive 1 KiB', messages: 40_000, bytes: 1024, course: 'receive' },
  { id: 'receive-64k', title: 'Receive 64 KiB', messages: 1000, bytes: 65536, course: 'receive' },
  { id: 'receive-1m', title: 'Receive 1 MiB', messages: 60, bytes: MIB, course: 'receive' },
  { id: 'send-64', title: 'Send 64 B', messages: 200_000, bytes: 64, course: 'send' },
  { id: 'send-64k', title: 'Send 64 KiB', messages: 1000, bytes: 65536, course: 'send' },
  { id: 'ping-pong', title: 'Round trip of 32 B', messages: 2000, bytes: 32, course: 'ping-pong' },
];

function argumentsOf({ course, bytes }, messages, url) {
  const path = {
    receive: `/receive?messages=${messages}&bytes=${bytes}&text=1`,
    send: `/sink?messages=${messages}`,
    'ping-pong': '/echo',
  }[course];
  return [course, '--url', `${url}${path}`, '--messages', messages, '--bytes', bytes, '--text'];
}

/** The sum of the column "calls" of `strace -c`. */
function callsIn(summary) {
  const total = summary.split('\n').find((line) => line.trim().endsWith('total'));
  const columns = total.trim().split(/\s+/);
  return Number(columns[columns.length - (columns.length > 5 ? 3 : 2)]);
}

async function systemCalls(program, args) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bench-'));
  const file = path.join(folder, 'calls');
  try {
    await runClient(program, args, { wrapper: ['strace', '-f', '-c', '-o', file] });
    return callsIn(readFileSync(file, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function allocations(program, args, build) {
  const environment = { LD_PRELOAD: path.join(build, 'libcount_allocations.so') };
  const { errors } = await runClient(program, args, { wrapper: ['env', `LD_PRELOAD=${environment.LD_PRELOAD}`] });
  return Number(/allocations (\d+)/.exec(errors.slice(errors.lastIndexOf('allocations')))[1]);
}

/** Counts all of `counted` for compiled clients: {id, title, results: [{label, calls, callsPerMib, allocations}]}. */
export async function count(peers, { url, build, say }) {
  const results = [];
  for (const what of counted) {
    const rows = [];
    for (const peer of peers.filter(({ slow }) => !slow)) {
      const twice = async (measure) => {
        const first = await measure(peer.program, argumentsOf(what, what.messages, url), build);
        const second = await measure(peer.program, argumentsOf(what, 2 * what.messages, url), build);
        return (second - first) / what.messages;
      };
      try {
        const calls = await twice(systemCalls);
        rows.push({
          id: peer.id,
          label: peer.label,
          calls,
          callsPerMib: (calls * MIB) / what.bytes,
          allocations: await twice(allocations),
        });
      } catch (error) {
        say(`${what.id}: ${peer.label}: ${error.message.trim()}`);
      }
    }
    results.push({ ...what, rows });
  }
  return results;
}

export function printCounts(results) {
  for (const { title, course, rows } of results) {
    console.log(`\n${title}: system calls and allocations a message`);
    for (const { label, calls, callsPerMib, allocations } of rows) {
      console.log(
        [
          '  ',
          label.padEnd(38),
          `${calls.toFixed(calls < 1 ? 4 : 2)} calls`.padStart(14),
          course === 'ping-pong' ? '' : `${callsPerMib.toFixed(1)} a MiB`.padStart(14),
          `${allocations.toFixed(3)} allocations`.padStart(20),
        ].join(' '),
      );
    }
  }
}
