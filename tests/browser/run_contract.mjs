// Runs the contract suite, compiled to WebAssembly, inside a page:
//
//   node run_contract.mjs PROGRAM.js [NAME=VALUE...]
//
// The values are environment variables for the program. Prints what the program prints and ends with its exit code.

import path from 'node:path';

import { startTickerServer } from '../support/ticker_server.mjs';
import { launchBrowser } from './support/browser.mjs';
import { startStaticServer } from './support/static_server.mjs';

/** What the program may ask for, since a page cannot start a process. Each command is done when it is answered. */
class Control {
  #server = null;

  async start(args = []) {
    await this.kill();
    this.#server = await startTickerServer({ args });
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

  thaw() {
    process.kill(this.#server.pid, 'SIGCONT');
  }
}

// In the page. Answers the program's exit code.
function runProgram({ source, environment }) {
  return new Promise((resolve, reject) => {
    globalThis.Module = {
      preRun: [(module) => Object.assign(module.ENV, environment)],
      arguments: ['--no-colors=true'],
      print: (line) => console.log(line),
      printErr: (line) => console.log(line),
      onExit: resolve,
      onAbort: (what) => reject(new Error(`the program aborted: ${what}`)),
    };
    const script = document.createElement('script');
    script.src = source;
    script.onerror = () => reject(new Error(`${source} cannot be loaded`));
    document.head.append(script);
  });
}

async function run(program, environment) {
  const files = await startStaticServer({ program: path.dirname(path.resolve(program)) });
  const control = new Control();
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    // The browser's own warnings are left out: the tests make many connections fail.
    page.on('console', (message) => message.type() === 'log' && console.log(message.text()));
    const crashed = new Promise((_, reject) => page.on('pageerror', reject));
    await page.exposeFunction('tidewireControl', (command) => control[command]());
    await page.goto(`${files.url}/`);
    const source = `/program/${path.basename(program)}`;
    return await Promise.race([page.evaluate(runProgram, { source, environment }), crashed]);
  } finally {
    await control.kill();
    await browser.close();
    await files.stop();
  }
}

const [program, ...variables] = process.argv.slice(2);
process.exitCode = await run(program, Object.fromEntries(variables.map((variable) => variable.split('='))));
