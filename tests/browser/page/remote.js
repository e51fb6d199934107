// Does what a test asks for, in pages that are frames of this one, and tells what came of it. What there is to do is
// asked for by HTTP, because every engine has that; see ../support/remote_browser.mjs.

const frames = new Map();

const post = async (path, body) => (await fetch(path, { method: 'POST', body: JSON.stringify(body) })).json();

const commands = {
  /** Loads a page. What fails in it and nobody catches is told at once. */
  async open({ page, address }) {
    const frame = document.createElement('iframe');
    frames.set(page, frame);
    const loaded = new Promise((resolve) => (frame.onload = resolve));
    frame.src = address;
    document.body.append(frame);
    await loaded;
    const tell = (error) => post('/remote/failed', { page, error: String(error) });
    frame.contentWindow.addEventListener('error', (event) => tell(event.message));
    frame.contentWindow.addEventListener('unhandledrejection', (event) => tell(event.reason));
  },

  evaluate({ page, script, argument }) {
    return frames.get(page).contentWindow.eval(`(${script})`)(argument);
  },

  close({ page }) {
    frames.get(page).remove();
    frames.delete(page);
  },
};

async function perform({ id, name, ...given }) {
  try {
    await post('/remote/done', { id, value: await commands[name](given) });
  } catch (error) {
    await post('/remote/done', { id, error: `${error}\n${error?.stack ?? ''}` });
  }
}

for (;;) {
  perform(await post('/remote/next'));
}
