import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';

const PROGRAM = fileURLToPath(new URL('types/use.ts', import.meta.url));
const TYPES = path.join(process.env.TIDEWIRE_JS_DIST, 'tidewire.d.ts');
const STRICT = {
  paths: { tidewire: [TYPES] },
  typeRoots: [fileURLToPath(new URL('../node_modules/@types', import.meta.url))],
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: false,
  target: typescript.ScriptTarget.ES2022,
  module: typescript.ModuleKind.NodeNext,
  moduleResolution: typescript.ModuleResolutionKind.NodeNext,
};

function faults(options) {
  const program = typescript.createProgram([PROGRAM], { ...STRICT, ...options });
  // Of ours alone: checking the libraries themselves takes half a minute.
  const ours = program.getSourceFiles().filter(({ fileName }) => /\/(use|tidewire\.d)\.ts$/.test(fileName));
  assert.equal(ours.length, 2);
  const found = ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]);
  return [...program.getGlobalDiagnostics(), ...found].map((fault) => {
    const { line } = fault.file?.getLineAndCharacterOfPosition(fault.start) ?? { line: -1 };
    return `${fault.file?.fileName}:${line + 1}: ${typescript.flattenDiagnosticMessageText(fault.messageText, '\n')}`;
  });
}

test('types: a Node project without the DOM library compiles', () => {
  assert.deepEqual(faults({ lib: ['lib.es2022.d.ts'], types: ['node'] }), []);
});

test('types: a page compiles', () => {
  assert.deepEqual(faults({ lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], types: [] }), []);
});
