// The JavaScript of platform/web in Node, which no package.json tells that these files are modules.

import { readFileSync } from 'node:fs';

const folder = new URL('../../platform/web/', import.meta.url);

const addressOf = (name) => {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const whole = text.replace(/from '\.\/([^']+)'/g, (_, other) => `from '${addressOf(other)}'`);
  return `data:text/javascript;base64,${Buffer.from(whole).toString('base64')}`;
};

/** What `platform/web/NAME` exports. */
export const importWebModule = (name) => import(addressOf(name));
