import { once } from 'node:events';
import net from 'node:net';

/** A TCP proxy on loopback that harms all connections at once. */
export class FaultyProxy {
  /** The port behind it; 0 while there is none. */
  target = 0;
  #listener = net.createServer((client) => this.#take(client));
  #links = new Set();

  async listen() {
    this.#listener.listen(0, '127.0.0.1');
    await once(this.#listener, 'listening');
  }

  get port() {
    return this.#listener.address().port;
  }

  /** Resets every connection, on both sides. */
  cut() {
    this.#links.forEach(({ client, server }) => {
      client.resetAndDestroy();
      server.resetAndDestroy();
    });
  }

  /** The connections stay, and nothing passes any more, not even their end. New ones work. */
  freeze() {
    this.#links.forEach((link) => {
      link.isFrozen = true;
    });
  }

  #take(client) {
    client.on('error', () => {});
    if (this.target === 0) {
      client.resetAndDestroy();
      return;
    }
    const link = { client, server: net.connect(this.target, '127.0.0.1'), isFrozen: false };
    this.#links.add(link);
    this.#join(link, client, link.server);
    this.#join(link, link.server, client);
  }

  #join(link, from, to) {
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      if (!link.isFrozen && !to.write(chunk)) {
        from.pause();
      }
    });
    to.on('drain', () => from.resume());
    from.on('error', () => {});
    from.on('close', () => {
      if (!link.isFrozen) {
        to.destroy();
      }
      if (link.client.destroyed && link.server.destroyed) {
        this.#links.delete(link);
      }
    });
  }
}
