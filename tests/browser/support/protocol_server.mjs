import { startServer } from '../../protocol/server.mjs';

/** Starts the small server of the protocol; it ends with the test, unless the test has ended it. */
export async function serverFor(context, options) {
  const server = await startServer(options);
  context.after(() => server.listener.address() && server.stop());
  return server;
}
