// The wasm that is inside a file.

/** The bytes of base64. A loop takes a seventh of the time of Uint8Array.from() with a function. */
export function bytesOf(text) {
  const units = atob(text);
  const bytes = new Uint8Array(units.length);
  for (let i = 0; i < units.length; ++i) {
    bytes[i] = units.charCodeAt(i);
  }
  return bytes;
}
