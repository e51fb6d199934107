// Runs the contract suite, compiled to WebAssembly, in a browser's page, in a Web Worker, or in Node:
//
//   node run_contract.mjs ENGINE PROGRAM.js [NAME=VALUE...]
//
// ENGINE is chromium, firefox or webkit, each also with -worker, or node. TIDEWIRE_PACKAGE=FOLDER loads the npm package
// first, for a program that tests it. The other values are environment variables for the
// program. Prints what the program prints and ends with its exit code, or with 1 if that is 0 and the program has not
// printed that all went well: on the way out of a suspended main() a code gets lost easily.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { startScriptedPeer } from '../support/scripted_peer_process.mjs';
import { ANY_ORIGIN, startTickerServer } from '../support/ticker_server.mjs';
import { ISOLATION, openIn } from './support/engines.mjs';
import { startStaticServer } from './support/static_server.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));

// Less than CTest's, so that a browser which hangs is closed and not left behind.
const LIMIT_MS = 280_000;

/** What the program may ask for, since a page cannot start a process. Each command is done when it is answered. */
class Control {
  #server = null;
  #peer = null;

  /** Answers the server's port. */
  async start(args = []) {
    await this.kill();
    this.#server = await startTickerServer({ args: [...ANY_ORIGIN, ...args] });
    return this.#server.port;
  }

  async kill() {
    await this.#server?.kill('SIGKILL');
  }

  restart() {
    return this.start(['--port', String(this.#server.port)]);
  }

  freeze() {
    process.kill(this.#server.pid, 'SIGSTOP');
  }

  continue() {
    process.kill(this.#server.pid, 'SIGCONT');
  }

  /** Answers the scripted peer's port. */
  async peer() {
    this.#peer ??= await startScriptedPeer();
    return this.#peer.port;
  }

  async stop() {
    this.#peer?.stop();
    await this.kill();
  }
}

/** What the program tells: { post, exited }. */
function listen(control) {
  let exit;
  let wentWell = false;
  const exited = new Promise((resolve) => (exit = resolve));
  const post = (pathname, body) => {
    const [, what, command] = pathname.split('/');
    switch (what) {
      case 'print':
        wentWell ||= body === '[doctest] Status: SUCCESS!';
        return console.log(body);
      case 'exit':
        return exit(Number(body) || Number(!wentWell));
      case 'control':
        return control[command]();
      default:
        throw new Error(`nothing can be posted to ${pathname}`);
    }
  };
  return { post, exited };
}

async function run(engine, program, { TIDEWIRE_PACKAGE: bundle, ...environment }) {
  const [name, worker] = engine.split('-');
  const control = new Control();
  const { post, exited } = listen(control);
  const folders = { program: path.dirname(path.resolve(program)), page: path.join(HERE, 'page') };
  const files = await startStaticServer(folders, { post, headers: ISOLATION });
  const query = new URLSearchParams({ ...environment, program: `/program/${path.basename(program)}` });
  query.set('TIDEWIRE_TEST_ENGINE', engine);
  if (bundle) {
    folders.package = path.resolve(bundle);
    query.set('package', '/package/tidewire.global.js');
  }
  if (worker) {
    query.set('worker', '1');
  }
  const opened = await openIn(name, `${files.url}/page/contract.html?${query}`);
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error('the program takes too long')), LIMIT_MS).unref();
  });
  try {
    return await Promise.race([exited, opened.failed, late]);
  } finally {
    await opened.close();
    await control.stop();
    await files.stop();
  }
}

const [engine, program, ...variables] = process.argv.slice(2);
process.exitCode = await run(engine, program, Object.fromEntries(variables.map((variable) => variable.split('='))));
