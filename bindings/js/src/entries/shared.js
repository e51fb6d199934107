// tidewire/shared: one connection for many tabs, by a SharedWorker. Nothing of the core is in it.

export { SharedConnection } from '../shared.js';
export { serve } from '../shared_worker.js';
