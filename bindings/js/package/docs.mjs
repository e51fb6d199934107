// The reference of the npm package as pages, from its declarations:
//
//   node docs.mjs PACKAGE OUT

import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { ENTRIES } from './manifest.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
// The tests have TypeScript, which it needs beside it.
const { resolve } = createRequire(new URL('../../../tests/package.json', import.meta.url));
const { Application } = await import(resolve('typedoc'));

const [folder, out] = process.argv.slice(2).map((each) => path.resolve(each));
const names = ['tidewire', ...Object.keys(ENTRIES).filter((name) => ENTRIES[name].apart)];

const app = await Application.bootstrap({
  // The others export a part of the first.
  entryPoints: names.map((name) => path.join(folder, `dist/${name}.d.ts`)),
  skipErrorChecking: true, // The test of the types does that.
  compilerOptions: { target: 'es2022', module: 'esnext', moduleResolution: 'bundler', types: [] },
  out,
  name: 'tidewire',
  readme: path.join(folder, 'README.md'),
  highlightLanguages: ['javascript', 'jsx', 'typescript', 'sh', 'html'],
  sort: ['source-order'],
  disableSources: true,
  disableGit: true,
  githubPages: false,
  treatWarningsAsErrors: true,
});
const project = await app.convert();
if (project === undefined) {
  process.exit(1);
}
app.validate(project);
await app.generateOutputs(project);
process.exitCode = app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0;
