// The feed, the faults and the truth by serve.mjs: a real server behind a real proxy.

/** Null where this page has no such server. */
export async function findServedNetwork() {
  const about = await fetch('control/about').catch(() => null);
  if (!about?.ok || !/^application\/json/.test(about.headers.get('content-type'))) {
    return null;
  }
  return new ServedNetwork(await about.json());
}

class ServedNetwork {
  kind = 'A real ticker server behind a real proxy';
  WebSocket = globalThis.WebSocket;
  /** Where both libraries connect to. */
  base;
  /** Called for each tick that the server has made. */
  onSent = () => {};

  constructor({ proxy }) {
    this.base = proxy;
    new EventSource('control/ticks').addEventListener('message', ({ data }) => this.onSent(JSON.parse(data)));
  }

  /** `fault`: 'cut', 'freeze' or 'kill'. */
  harm(fault) {
    return fetch(`control/${fault}`, { method: 'POST' });
  }
}
