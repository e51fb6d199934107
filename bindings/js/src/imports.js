// The functions of this package's JavaScript that the wasm imports. The linker reads only their names, so that a symbol
// which is missing by mistake stays an error.
mergeInto(LibraryManager.library, {
  tidewire_js_event: () => {},
  tidewire_js_message: () => {},
});
