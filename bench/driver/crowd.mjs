// Many connections in one process: memory, threads, heartbeats, and all of them coming back after a restart of the server.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import { median } from './measure.mjs';
import { runClient, startServer } from './processes.mjs';

const HEARTBEAT_SECONDS = 5;
const DOWN_SECONDS = 3;

/** How often a connection did not fit an accept queue of this machine, since it started. */
function overflows() {
  const [names, values] = readFileSync('/proc/net/netstat', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf('ListenOverflows')]) + Number(values[names.indexOf('ListenDrops')]);
}

/** Idle connections of every peer: bytes for each, threads, and for Tidewire the CPU of heartbeats. */
export async function measureIdle(peers, connections, { url, repetitions, say }) {
  const rows = [];
  for (const peer of peers) {
    const results = [];
    const heartbeats = peer.isTidewire ? ['--heartbeat', HEARTBEAT_SECONDS, '--seconds', 2 * HEARTBEAT_SECONDS] : [];
    for (let i = 0; i < (peer.isTidewire ? 2 : repetitions); ++i) {
      try {
        const result = await runClient(peer.program, ['idle', '--connections', connections, '--url', `${url}/idle`, ...heartbeats]);
        if (result) results.push(result);
      } catch (error) {
        say(`idle: ${peer.label}: ${error.message.trim()}`);
      }
    }
    if (results.length === 0) continue;
    const of = (value) => median(results.map(value));
    rows.push({
      id: peer.id,
      label: peer.label,
      isTidewire: peer.isTidewire ?? false,
      isLimit: peer.isLimit ?? false,
      bytes: of(({ bytes }) => bytes),
      threads: of(({ threads }) => threads),
      bytesLater: of(({ bytesLater }) => bytesLater),
      heartbeat: of(({ watchedCpu, heartbeats }) => (watchedCpu / heartbeats) * 1e9),
    });
  }
  return { connections, rows };
}

/**
 * Kills the server of so many clients, and starts it again some seconds later.
 *
 * Returns: the seconds since the loss of all attempts and of all successes, and how often the accept queue overflowed.
 */
export async function measureReconnect(peer, connections, serverProgram) {
  const server = await startServer(serverProgram);
  const client = spawn('taskset', ['-c', '1', ...peer.program, 'reconnect', '--connections', String(connections),
    '--url', `${server.url}/idle`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(client, 'exit');
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value;
  if ((await next()) !== 'open') throw new Error('the clients did not open');
  await server.stop();
  await delay(DOWN_SECONDS * 1000);
  const before = overflows();
  const again = await startServer(serverProgram, { port: server.port });
  const result = JSON.parse(await next());
  await ended;
  await again.stop();
  return { connections, downSeconds: DOWN_SECONDS, overflows: overflows() - before, ...result };
}

export function printIdle({ connections, rows }) {
  console.log(`\n${connections} idle connections: memory of each`);
  for (const { label, bytes, threads, bytesLater, heartbeat } of rows) {
    const later = Number.isFinite(heartbeat)
      ? `${(bytesLater / 1024).toFixed(1)} KiB after heartbeats, ${(heartbeat / 1000).toFixed(1)} µs CPU each`
      : '';
    console.log(`   ${label.padEnd(38)} ${(bytes / 1024).toFixed(1).padStart(6)} KiB  ${threads} threads  ${later}`.trimEnd());
  }
}

/** How many of `times` fall into each step of `seconds`. */
export function histogram(times, seconds) {
  const counts = [];
  for (const time of times) {
    const step = Math.floor(time / seconds);
    counts[step] = (counts[step] ?? 0) + 1;
  }
  return Array.from(counts, (count) => count ?? 0);
}

export function printReconnect({ connections, downSeconds, overflows: lost, attempts, successes, cpu }) {
  const busiest = Math.max(...histogram(attempts, 0.1));
  console.log(`\n${connections} clients lose their server for ${downSeconds} s
   ${attempts.length} attempts, at most ${busiest} in 0.1 s; all open after ${Math.max(...successes).toFixed(1)} s;
   ${lost} overflows of the accept queue; ${cpu.toFixed(2)} s of CPU`);
}
