// tidewire/react: hooks for sessions of any other entry point.

export { useSubscription } from '../react.js';
