// Makes what follows from the public headers: with --out FOLDER parts of the JavaScript binding, with --documents
// FOLDER the tables of FOLDER/platforms.md. Behind -- stands the compiler, with the folders of the headers. See
// README.md.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { HEADERS } from './annotations.mjs';
import { writeHeader, writeSessionSource, writeSource } from './cpp.mjs';
import { readHeaders } from './headers.mjs';
import { writeJavaScript } from './javascript.mjs';
import { writeTables } from './platforms.mjs';
import { Shape } from './shape.mjs';
import { writeTypes } from './types.mjs';

const { values, positionals } = parseArgs({
  options: { out: { type: 'string' }, documents: { type: 'string' } },
  allowPositionals: true,
});

// What is the same stays untouched, so that nothing is built anew.
function write(path, text) {
  let old = null;
  try {
    old = readFileSync(path, 'utf8');
  } catch {
    // There is none yet.
  }
  if (old !== text) {
    writeFileSync(path, text);
  }
}

const model = readHeaders(positionals, HEADERS);
const shape = new Shape(model);
if (values.out !== undefined) {
  mkdirSync(values.out, { recursive: true });
  write(join(values.out, 'described.hpp'), writeHeader(shape));
  write(join(values.out, 'described.cpp'), writeSource(shape));
  write(join(values.out, 'described_session.cpp'), writeSessionSource(shape));
  write(join(values.out, 'described.js'), writeJavaScript(shape));
  const template = readFileSync(new URL('tidewire.d.ts.in', import.meta.url), 'utf8');
  write(join(values.out, 'tidewire.d.ts'), writeTypes(shape, template));
}
if (values.documents !== undefined) {
  const document = join(values.documents, 'platforms.md');
  write(document, writeTables(model, readFileSync(document, 'utf8')));
}
