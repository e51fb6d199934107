// README.md, as the tests of what it shows read it.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');

export const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');

/** The blocks of code in this language, in order. */
export function codeBlocks(language) {
  return [...readme.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map(([, , text]) => text);
}
