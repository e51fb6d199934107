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
});
