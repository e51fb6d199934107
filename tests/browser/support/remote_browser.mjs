// Pages of any engine, as far as tests need them: open(), and of a page evaluate() and close(). A page is a frame, and
// values go in and out as JSON. No driver is needed, since ../page/remote.js asks for what there is to do.

import { openIn } from './engines.mjs';

export class RemoteBrowser {
  #commands = [];
  #waiting = [];
  #answers = new Map();
  #pages = new Map();
  #ids = 0;
  #isThere = null;
  #started = new Promise((resolve) => (this.#isThere = resolve));

  /** What the engine posts; a server of files hands it on. */
  post = async (path, body) => {
    const said = body === '' ? {} : JSON.parse(body);
    if (path === '/remote/next') {
      this.#isThere();
      return JSON.stringify(await this.#next());
    }
    if (path === '/remote/done') this.#answers.get(said.id)(said);
    if (path === '/remote/failed') this.#pages.get(said.page)(new Error(said.error));
    return '{}';
  };

  /**
   * Starts the engine, and resolves once it has loaded the page; on a busy machine that takes longer than a test may.
   * `files` is the URL that the posts above go to, with the page under /test.
   */
  async launch(engine, files) {
    this.opened = await openIn(engine, `${files}/test/remote.html`);
    await Promise.race([this.#started, this.opened.failed]);
  }

  close() {
    return this.opened.close();
  }

  async open(address, { pageerror }) {
    const page = ++this.#ids;
    this.#pages.set(page, pageerror);
    await this.#perform('open', { page, address });
    return {
      evaluate: (script, argument) => this.#perform('evaluate', { page, script: String(script), argument }),
      close: () => this.#perform('close', { page }),
    };
  }

  async #next() {
    while (this.#commands.length === 0) await new Promise((resolve) => this.#waiting.push(resolve));
    return this.#commands.shift();
  }

  async #perform(name, given) {
    const id = ++this.#ids;
    const answered = new Promise((resolve) => this.#answers.set(id, resolve));
    this.#commands.push({ id, name, ...given });
    this.#waiting.shift()?.();
    const { value, error } = await Promise.race([answered, this.opened.failed]);
    this.#answers.delete(id);
    if (error !== undefined) throw new Error(error);
    return value;
  }
}
