// The functions of this package's JavaScript that the wasm imports. The linker reads only their names, so that a symbol
// which is missing by mistake stays an error.
mergeInto(LibraryManager.library, {
  tidewire_js_state: () => {},
  tidewire_js_close_info: () => {},
  tidewire_js_close: () => {},
  tidewire_js_heartbeat: () => {},
  tidewire_js_log: () => {},

  tidewire_js_client_open: () => {},
  tidewire_js_client_message: () => {},
  tidewire_js_client_dropped: () => {},
  tidewire_js_client_drain: () => {},
  tidewire_js_client_endpoint: () => {},

  tidewire_js_session_open: () => {},
  tidewire_js_session_error_info: () => {},
  tidewire_js_session_error: () => {},
  tidewire_js_session_token: () => {},
  tidewire_js_session_event: () => {},
  tidewire_js_session_gap: () => {},
  tidewire_js_session_subscribed: () => {},
  tidewire_js_session_end: () => {},
  tidewire_js_session_ack: () => {},
  tidewire_js_session_reply: () => {},
});
