// Pages of Chromium, in tabs that are used again: a new tab takes three times as much CPU time as a new document.

/** The tabs of a browser context of Playwright's. */
export class Tabs {
  #context;
  #idle = [];

  constructor(context) {
    this.#context = context;
  }

  /** Loads a page. Returns it, with `tab`, Playwright's page. `listeners` of `tab`, by event, last until `close()`. */
  async open(address, listeners = {}) {
    const tab = this.#idle.pop() ?? (await this.#context.newPage());
    Object.entries(listeners).forEach(([event, listener]) => tab.on(event, listener));
    await tab.goto(address);
    return {
      tab,
      evaluate: (script, argument) => tab.evaluate(script, argument),
      close: () => this.#close(tab, listeners),
    };
  }

  // The document ends here, and with it its connections.
  async #close(tab, listeners) {
    Object.entries(listeners).forEach(([event, listener]) => tab.off(event, listener));
    try {
      await tab.goto('about:blank');
      this.#idle.push(tab);
    } catch {
      await tab.close();
    }
  }
}
