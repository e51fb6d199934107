// Tidewire for JavaScript: the C++ library, compiled to WebAssembly. tidewire.d.ts describes it.

export { Client } from './client.js';
export { ReconnectingWebSocket } from './reconnecting_websocket.js';
export { Session, SessionError, Subscription, Reply } from './session.js';
export { ready } from './wasm.js';
