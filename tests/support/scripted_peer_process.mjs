// Starts the scripted peer as a child of the test, on a port that the kernel chooses.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('scripted_peer.mjs', import.meta.url));

/** Answers once it listens: `port`, and `stop()`. It ends with this process at the latest. */
export async function startScriptedPeer() {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = () => child.kill('SIGKILL');
  process.on('exit', stop);
  const [line] = await once(child.stdout, 'data');
  return { port: Number(/^listening on (\d+)\n/.exec(line)[1]), stop };
}
