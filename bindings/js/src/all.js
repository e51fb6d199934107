// All that the package is, without a place where its wasm is.

export { Client } from './client.js';
export { ReconnectingWebSocket } from './reconnecting_websocket.js';
export { Session, SessionError, Subscription, Reply } from './session.js';
export { ready } from './wasm.js';
