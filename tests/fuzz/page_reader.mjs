// Reads WebSocket messages as a page does, for page_fuzz.cpp. On stdin each comes as a byte, 1 if it is binary, four bytes
// of length, the least significant first, and the payload. For each it prints a line: a JSON array of what it holds, of
// which null is a broken framing.

import { readSync, writeSync } from 'node:fs';

import { importWebModule } from '../support/web_module.mjs';

const { createMessages } = await importWebModule('messages.js');
const { createTidewireGlue } = await importWebModule('glue.js');
const { read, eachField } = createMessages();
const { utf8Length } = createTidewireGlue({});
const maxHeadBytes = Number(process.argv[2]);

/** So many bytes; undefined at the end of the input. */
function take(length) {
  const buffer = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const count = readSync(0, buffer, at, length - at, null);
    if (count === 0) return undefined;
    at += count;
  }
  return buffer;
}

function describe(message) {
  if (message === null) return null;
  const { head, body } = message;
  if (head === undefined) return {};
  const fields = [];
  eachField(head, (place, type, value) => {
    fields.push([place, type, typeof value === 'object' ? 0 : value]);
  });
  const bytes = body === null ? undefined : typeof body === 'string' ? Buffer.from(body) : body && Buffer.from(body);
  return { fields, body: bytes?.toString('hex'), isText: typeof body === 'string', isBroken: body === null };
}

for (;;) {
  const start = take(5);
  if (start === undefined) break;
  const payload = take(start.readUInt32LE(1));
  const given = start[0] === 1 ? new Uint8Array(payload).buffer : payload.toString();
  const all = [...read(given, (head) => utf8Length(head) > maxHeadBytes)];
  writeSync(1, `${JSON.stringify(all.map(describe))}\n`);
}
