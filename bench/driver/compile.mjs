// What a program that uses `Client` only costs: the time to compile it, and what it adds to the stripped program.

import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { median } from './measure.mjs';

/** Seconds of `c++ -c` for the smallest program with a client, and for an empty one. */
export function measureCompiling(root, build, repetitions) {
  const source = path.join(root, 'tests/package/footprint/program.cpp');
  const compile = (options) => {
    const begun = process.hrtime.bigint();
    execFileSync('taskset', ['-c', '1', process.env.CXX || 'c++', '-std=c++20', '-O2', '-I', path.join(root, 'sdk/include'),
      ...options, '-c', source, '-o', os.devNull], { env: { ...process.env, CCACHE_DISABLE: '1' } });
    return Number(process.hrtime.bigint() - begun) / 1e9;
  };
  const times = Array.from({ length: repetitions }, () => compile([]));
  const empty = Array.from({ length: repetitions }, () => compile(['-DWITHOUT_CLIENT']));
  const size = (name) => statSync(path.join(build, name)).size;
  return {
    seconds: median(times),
    emptySeconds: median(empty),
    goal: 2,
    kilobytes: (size('only_client') - size('no_client')) / 1000,
    goalKilobytes: 300,
  };
}

export function printCompiling({ seconds, emptySeconds, goal, kilobytes, goalKilobytes }) {
  console.log(`
A program that uses Client only: compiles in ${seconds.toFixed(2)} s (goal: under ${goal} s; without the client ${emptySeconds.toFixed(2)} s);
   Tidewire adds ${kilobytes.toFixed(0)} kB to the stripped program (goal: under ${goalKilobytes} kB)`);
}
