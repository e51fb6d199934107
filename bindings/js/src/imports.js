// The function of this package's JavaScript that the wasm imports. The linker reads only its name, so that a symbol
// which is missing by mistake stays an error.
mergeInto(LibraryManager.library, {
  tidewire_js_event: () => {},
});
