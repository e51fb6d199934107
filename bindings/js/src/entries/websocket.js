// tidewire/websocket: ReconnectingWebSocket, with the wasm of tidewire/client.

export * from './client.js';
export { ReconnectingWebSocket } from '../reconnecting_websocket.js';
