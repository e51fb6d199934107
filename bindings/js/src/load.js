// Where the wasm comes from: what the application gives, or what the entry point has. Whatever goes wrong is one error,
// which names the place and what to do.

import { TidewireError } from './errors.js';

const CURES =
  "Copy the file beside the bundle, pass its address to ready({ wasmUrl }), or import 'tidewire/inline', which contains it.";

const unavailable = (text, cause) => new TidewireError('unavailable', text, cause);

// By name, since each realm (a frame, a test runner's context) has classes of its own.
function isA(name, value) {
  return value?.[Symbol.toStringTag] === name;
}

const isAddress = (source) => typeof source === 'string' || isA('URL', source);

/** A loader for `useLoader`. `find()` answers the entry point's own source: a URL, bytes, or a promise of bytes. */
export function wasmFrom(find) {
  return async (imports, { wasmUrl, wasmBinary }) => {
    if (typeof WebAssembly === 'undefined') {
      throw unavailable("no WebAssembly here: import 'tidewire/nowasm' instead");
    }
    const source = await (wasmBinary ?? wasmUrl ?? find());
    const { place, bytes } = isAddress(source) ? await fetchWasm(source) : taken(source);
    try {
      const made = await compile(await bytes, imports);
      return (made.instance ?? made).exports;
    } catch (error) {
      throw unavailable(`${place}: ${faultOf(error)}`, error);
    }
  };
}

const taken = (source) =>
  isA('Response', source) ? readResponse(source, source.url) : { place: 'wasmBinary', bytes: source };

function compile(bytes, imports) {
  return isA('Response', bytes)
    ? WebAssembly.instantiateStreaming(bytes, imports)
    : WebAssembly.instantiate(bytes, imports);
}

async function fetchWasm(url) {
  let response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw unavailable(`${url}: ${error.message}. The address, the network, or connect-src of a policy. ${CURES}`, error);
  }
  return readResponse(response, url);
}

// Development servers answer an unknown address with a page and status 200.
function readResponse(response, place) {
  const type = response.headers.get('content-type') ?? '';
  if (!response.ok) {
    throw unavailable(`${place}: HTTP status ${response.status}. ${CURES}`);
  }
  if (/^text\/html\b/.test(type)) {
    throw unavailable(`${place}: the server answered with a page (${type}), not with the wasm. ${CURES}`);
  }
  // Streaming wants the right MIME type, which not every server knows.
  return { place, bytes: /^application\/wasm\b/.test(type) ? response : response.arrayBuffer() };
}

// Each engine has its own words for a policy.
function faultOf(error) {
  return /unsafe-eval|Content Security Policy|\bCSP\b|blocked/i.test(error.message)
    ? "the Content-Security-Policy forbids WebAssembly. Add 'wasm-unsafe-eval' to its script-src, or import " +
        `'tidewire/nowasm' (${error.message})`
    : `not the wasm of this version (${error.message}). ${CURES}`;
}
