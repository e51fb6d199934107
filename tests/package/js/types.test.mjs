// The types of the npm package, as a strict project takes them: each entry point, for `import` and for `require`, with and
// without the DOM library. The declarations themselves are checked too (no skipLibCheck).

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';

import typescript from 'typescript';

import { LIMIT, TOOLS, useConsumers } from './consumers.mjs';

const consumers = useConsumers({ pages: false });

const ENTRIES = ['tidewire', 'tidewire/client', 'tidewire/inline', 'tidewire/nowasm'];

const use = (entry) => `import { Client, ready, type ClientEventMap, type Options } from '${entry}';
const options: Options = { heartbeat: { message: 'ping', answer: undefined } };
const client = new Client('wss://example.com/', options);
client.addEventListener('close', ({ retryIn }: ClientEventMap['close']) => { const late: number = retryIn; void late; });
void ready({ wasmUrl: '/tidewire.wasm' });
// @ts-expect-error: an option that does not exist.
void ready({ wasmURL: '/tidewire.wasm' });
`;

const SESSION = `import { Session, SessionError, Subscription, TidewireError } from 'tidewire';
import { TidewireError as Same } from 'tidewire/client';
const codeOf = (error: unknown) => (error instanceof TidewireError ? error.code : String(error));
const isOne: SessionError extends Same ? true : false = true;
void [codeOf, isOne];
const subscription: Subscription = new Session('/stream').subscribe('a');
void [subscription, SessionError];
`;

const REACT = `import { Session } from 'tidewire';
import { useSubscription } from 'tidewire/react';
const { event, isLive, error } = useSubscription(new Session('/stream'), 'a', { conflate: true, onGap: ({ type }) => type });
const shown: [string | ArrayBuffer | null | undefined, boolean, string | undefined] = [event?.data, isLive, error?.code];
// @ts-expect-error: an option that does not exist.
void [shown, useSubscription(null, 'a', { conflat: true })];
`;

const SHARED = `import { Client, Session } from 'tidewire';
import { SharedConnection, serve } from 'tidewire/shared';
serve(new Session('/stream'));
serve(new Client('/feed'));
const connection = new SharedConnection({});
const { isLive } = connection.subscribe('a', { replay: 1 }, { onEvent: ({ data }) => data });
connection.addEventListener('message', ({ data }) => void [data, isLive]);
connection.request('quote').then((reply) => { const text: string = reply.text; void text; });
// @ts-expect-error: it answers a promise.
const late: string = connection.publish('a');
`;

const NO_SESSION = `import * as entry from 'tidewire/client';
// @ts-expect-error: it has no sessions.
new entry.Session('/stream');
`;

function faultsIn(folder, files, options) {
  const program = typescript.createProgram(files.map((file) => path.join(folder, file)), {
    typeRoots: [path.join(TOOLS, '@types')],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    target: typescript.ScriptTarget.ES2022,
    ...options,
  });
  // The libraries of TypeScript and of Node are not ours; checking them takes half a minute.
  const ours = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder));
  assert.ok(ours.some(({ fileName }) => /tidewire\/dist\/tidewire\.d\.c?ts$/.test(fileName)));
  const found = ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]);
  return [...program.getGlobalDiagnostics(), ...found].map(
    ({ file, messageText }) => `${file?.fileName}: ${typescript.flattenDiagnosticMessageText(messageText, '\n')}`,
  );
}

const { ModuleKind, ModuleResolutionKind } = typescript;
const NODE = { module: ModuleKind.NodeNext, moduleResolution: ModuleResolutionKind.NodeNext };
const BUNDLER = { module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler };
const WITH_DOM = { lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], types: [] };
const WITHOUT_DOM = { lib: ['lib.es2022.d.ts'], types: ['node'] };
const PROJECTS = {
  'a page with a bundler': { ...BUNDLER, ...WITH_DOM },
  'Node without the DOM library': { ...NODE, ...WITHOUT_DOM },
  'Node with the DOM library': { ...NODE, ...WITH_DOM },
};

for (const [what, options] of Object.entries(PROJECTS)) {
  for (const [kind, ending] of [['import', 'mts'], ['require', 'cts']]) {
    test(`types: ${what}, by ${kind}`, LIMIT, () => {
      const texts = [...ENTRIES.map(use), SESSION, REACT, SHARED, NO_SESSION];
      const files = Object.fromEntries(texts.map((text, at) => [`use${at}.${ending}`, text]));
      const folder = consumers.consumer(`types-${what}-${kind}`.replaceAll(' ', '-'), files);
      assert.deepEqual(faultsIn(folder, Object.keys(files), options), []);
    });
  }
}
