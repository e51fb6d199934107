// All that the package is, without a place where its wasm is.

export { Reply } from './bodies.js';
export { Client } from './client.js';
export { SessionError, TidewireError } from './errors.js';
export { ReconnectingWebSocket } from './reconnecting_websocket.js';
export { Session, Subscription } from './session.js';
export { ready } from './wasm.js';
