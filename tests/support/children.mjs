// Servers as children of a test. One that is left when the test's process ends is killed then.

import { spawn } from 'node:child_process';

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
process.once('SIGTERM', () => process.exit(1)); // A test runner that loses patience; the handler above then runs.
process.once('SIGINT', () => process.exit(1));

/** Starts a program: { child, output, exited }. `exited` resolves to { code, signal, stdout, stderr }. */
export function launch(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
  }
  const exited = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, ...output });
    });
  });
  return { child, output, exited };
}

/** Starts a server, and answers the same and its `url`, without a slash at the end, once it says that it listens. */
export async function launchServer(command, args) {
  const launched = launch(command, args);
  const { child, output, exited } = launched;
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', () => {
      const line = /^listening on (http:\/\/\S+)\/\n/.exec(output.stdout);
      if (line) resolve(line[1]);
    });
    exited.then(({ code, stderr }) => reject(new Error(`${command} ended with ${code}: ${stderr}`)), reject);
  });
  return { ...launched, url };
}
