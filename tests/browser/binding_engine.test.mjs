// Tests of the binding for engines beside Chromium, in one process: Firefox takes seconds to start. CTest chooses those
// of binding_connection that rest on the engine's events.

import './binding_channels.test.mjs';
import './binding_connection.test.mjs';
import './binding_early.test.mjs';
import './binding_refusals.test.mjs';
import './binding_session.test.mjs';
