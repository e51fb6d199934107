// Short names for what the wasm imports and exports, in both of its files and in the JavaScript. A minifier leaves them
// as they are, since they are properties; they are the longest words of the package. wasm-opt has a pass for names, but it
// gives those of each file apart, and JavaScript that is shared makes a name of two parts ('tidewire_client' and '_send').

const PREFIX = 'tidewire_';
const KINDS = ['client', 'session'];
// Besides those with the prefix; the others are for Emscripten's JavaScript.
const KEPT = ['memory', '_initialize'];

const wordOf = (name) => name.slice(PREFIX.length).replace(/^(client|session)_/, '_');

/** A function that shortens the names of these wasm files, and in JavaScript that uses them. */
export function makeShortener(wasmFiles) {
  const words = [...new Set(wasmFiles.flatMap(namesOf).map(wordOf))].sort();
  const codes = new Map(words.map((word, at) => [word, (at + 36).toString(36)]));
  const short = (name) => {
    const kind = KINDS.find((each) => name.startsWith(`${PREFIX}${each}_`));
    return (kind?.[0].toUpperCase() ?? '$') + codes.get(wordOf(name));
  };
  const known = new Set(wasmFiles.flatMap(namesOf));
  return {
    wasm: (bytes) => renamed(bytes, (name) => (known.has(name) ? short(name) : name)),
    // In JavaScript, a call of a client or of a session is made of 'tidewire_client' and, say, '_send'.
    javaScript: (text) =>
      text
        .replace(/\btidewire_[a-z_]+\b/g, (name) => (known.has(name) ? short(name) : name))
        .replace(/'tidewire_(client|session)'/g, (_, kind) => `'${kind[0].toUpperCase()}'`)
        .replace(/'(_[a-z_]+)'/g, (string, word) => (codes.has(word) ? `'${codes.get(word)}'` : string)),
  };
}

function namesOf(bytes) {
  const module = new WebAssembly.Module(bytes);
  const all = [...WebAssembly.Module.imports(module), ...WebAssembly.Module.exports(module)];
  return all.map(({ name }) => name).filter((name) => name.startsWith(PREFIX));
}

// --- The binary format: sections of a number, a length and what they hold ---

const HEADER_BYTES = 8;
const IMPORTS = 2;
const EXPORTS = 7;

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        return value;
      }
    }
  }

  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  name() {
    return Buffer.from(this.take(this.number())).toString();
  }
}

function numberOf(value) {
  const more = Math.floor(value / 128);
  return more === 0 ? [value] : [(value % 128) + 128, ...numberOf(more)];
}

const nameOf = (text) => [...numberOf(text.length), ...Buffer.from(text)];

function renamed(bytes, short) {
  const reader = new Reader(bytes, HEADER_BYTES);
  const parts = [bytes.subarray(0, HEADER_BYTES)];
  while (reader.at < bytes.length) {
    const [id, length] = [reader.number(), reader.number()];
    const body = reader.take(length);
    const rename = { [IMPORTS]: renamedImports, [EXPORTS]: renamedExports }[id];
    const written = rename === undefined ? body : Buffer.from(rename(new Reader(body), short));
    parts.push(Buffer.from([id, ...numberOf(written.length)]), written);
  }
  return Buffer.concat(parts);
}

// Functions only: whatever else there is to be imported would have more than one number behind its kind.
function renamedImports(reader, short) {
  const count = reader.number();
  const list = Array.from({ length: count }, () => {
    const [module, name] = [reader.name(), reader.name()];
    const [kind, type] = [reader.number(), reader.number()];
    if (kind !== 0) {
      throw new Error(`the wasm imports ${name}, which is no function`);
    }
    return [...nameOf(module), ...nameOf(short(name)), kind, ...numberOf(type)];
  });
  return [...numberOf(count), ...list.flat()];
}

function renamedExports(reader, short) {
  const list = Array.from({ length: reader.number() }, () => {
    const name = reader.name();
    return { name, rest: [reader.number(), ...numberOf(reader.number())] };
  }).filter(({ name }) => name.startsWith(PREFIX) || KEPT.includes(name));
  return [...numberOf(list.length), ...list.flatMap(({ name, rest }) => [...nameOf(short(name)), ...rest])];
}
