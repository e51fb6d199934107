// How long a program that uses `Client` only takes to compile.

import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';

import { median } from './measure.mjs';

/** Seconds of `c++ -c` for the smallest program with a client, and for an empty one. */
export function measureCompiling(root, repetitions) {
  const source = path.join(root, 'bench/clients/only_client.cpp');
  const compile = (options) => {
    const begun = process.hrtime.bigint();
    execFileSync('taskset', ['-c', '1', process.env.CXX || 'c++', '-std=c++20', '-O2', '-I', path.join(root, 'sdk/include'),
      ...options, '-c', source, '-o', os.devNull], { env: { ...process.env, CCACHE_DISABLE: '1' } });
    return Number(process.hrtime.bigint() - begun) / 1e9;
  };
  const times = Array.from({ length: repetitions }, () => compile([]));
  const empty = Array.from({ length: repetitions }, () => compile(['-DBENCH_EMPTY']));
  return { seconds: median(times), emptySeconds: median(empty), goal: 2 };
}

export function printCompiling({ seconds, emptySeconds }) {
  console.log(`\nCompiling a program that uses Client only: ${seconds.toFixed(2)} s (the same program without it: ${emptySeconds.toFixed(2)} s; goal: under 2 s)`);
}
