// Reads the public headers: clang's syntax tree says what is declared, the source text how it is documented and what
// its defaults are. Of the tree only kinds, names, types and offsets are used, which newer versions of clang keep.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The syntax tree of each `namespace tidewire` block. `compiler`: a command line that ends before the source file. */
function syntaxTrees(compiler, includes) {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-generator-'));
  try {
    const source = join(folder, 'headers.cpp');
    writeFileSync(source, includes.map((name) => `#include "${name}"\n`).join(''));
    const [program, ...rest] = compiler;
    // The filter leaves out the standard library, whose tree has several hundred megabytes.
    const dump = ['-Xclang', '-ast-dump=json', '-Xclang', '-ast-dump-filter=tidewire'];
    const output = execFileSync(program, [...rest, '-std=c++20', '-fsyntax-only', ...dump, source], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return output
      .split(/^(?=\{)/m)
      .filter((each) => each.startsWith('{'))
      .map((each) => JSON.parse(each));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// A file is named only where it differs from that of the node printed before, in the order of printing.
function nameFiles(node, state) {
  for (const [key, value] of Object.entries(node)) {
    if (key === 'file') {
      state.file = value;
    } else if (typeof value === 'object' && value !== null && key !== 'includedFrom') {
      nameFiles(value, state);
      if (key === 'loc') {
        node.file = state.file;
      }
    }
  }
}

const texts = new Map();
function textOf(file) {
  if (!texts.has(file)) {
    texts.set(file, readFileSync(file));
  }
  return texts.get(file);
}

const endOf = ({ range: { end } }) => end.offset + end.tokLen;

/** The source of a node. Offsets count bytes. */
function sourceOf(node, file) {
  return textOf(file).subarray(node.range.begin.offset, endOf(node)).toString();
}

const isDocumentation = (line) => /^\s*\/\/\/(?!<)/.test(line);

/** The lines of the `///` comment above a declaration, or of the `///<` behind it. */
function documentationOf(node, file) {
  const text = textOf(file);
  const above = text.subarray(0, node.range.begin.offset).toString().split('\n').slice(0, -1);
  const first = above.findLastIndex((line) => !isDocumentation(line)) + 1;
  if (first < above.length) {
    return above.slice(first).map((line) => line.replace(/^\s*\/\/\/ ?/, ''));
  }
  const [rest, ...below] = text.subarray(endOf(node)).toString().split('\n');
  const behind = rest.match(/^[^/]*\/\/\/< ?(.*)/);
  if (behind === null) {
    return [];
  }
  const isContinued = (line) => /^\s*\/\/\/<? /.test(line) && line.search(/\S/) > 20;
  const end = below.findIndex((line) => !isContinued(line));
  return [behind[1], ...below.slice(0, end).map((line) => line.replace(/^\s*\/\/\/<? ?/, ''))];
}

/** A type without the namespaces that every type here would have. */
const plain = (type) => type.replace(/\b(tidewire|std|chrono|core)::|\b(struct|enum|class) /g, '');

function defaultOf(node, file) {
  const [initializer] = (node.inner ?? []).filter(({ kind }) => !/Comment|Attr$/.test(kind));
  if (!node.hasInClassInitializer || initializer === undefined) {
    return '';
  }
  // The initializer's own range may leave out the braces.
  const text = textOf(file)
    .subarray(node.loc.offset + node.loc.tokLen)
    .toString();
  return text.slice(0, text.indexOf(';')).trim().replace(/^=\s*/, '');
}

class Reader {
  model = { enums: {}, structs: {}, texts: {} };

  namespace(node) {
    for (const inner of node.inner ?? []) {
      if (inner.kind === 'NamespaceDecl') {
        this.namespace(inner);
      } else if (inner.kind === 'EnumDecl') {
        this.enumeration(inner, '');
      } else if (inner.kind === 'CXXRecordDecl' && inner.completeDefinition) {
        this.record(inner);
      } else if (inner.kind === 'VarDecl' && /string_view/.test(inner.type.qualType)) {
        this.text(inner);
      }
    }
  }

  enumeration(node, scope) {
    const values = (node.inner ?? [])
      .filter(({ kind }) => kind === 'EnumConstantDecl')
      .map((each) => ({ name: each.name, doc: documentationOf(each, node.file) }));
    this.model.enums[scope + node.name] = { doc: documentationOf(node, node.file), values };
  }

  // Only what the public may use.
  record(node) {
    let access = node.tagUsed === 'class' ? 'private' : 'public';
    const struct = { doc: documentationOf(node, node.file), fields: [], methods: [], handlers: [] };
    for (const inner of node.inner ?? []) {
      access = inner.kind === 'AccessSpecDecl' ? inner.access : access;
      if (access === 'public' && !inner.isImplicit) {
        this.member(struct, inner, node.name);
      }
    }
    this.model.structs[node.name] = struct;
  }

  member(struct, node, owner) {
    const doc = () => documentationOf(node, node.file);
    if (node.kind === 'FieldDecl') {
      const type = plain(node.type.qualType);
      struct.fields.push({ name: node.name, type, doc: doc(), default: defaultOf(node, node.file) });
    } else if (node.kind === 'EnumDecl') {
      this.enumeration(node, `${owner}::`);
    } else if (node.kind === 'CXXMethodDecl') {
      struct.methods.push({
        name: node.name,
        returns: plain(node.type.qualType.replace(/\s*\([^()]*\)[^()]*$/, '')).replace(/^const | &$/g, ''),
        parameters: (node.inner ?? []).filter(({ kind }) => kind === 'ParmVarDecl').map(parameterOf),
        doc: doc(),
      });
    } else if (node.kind === 'FunctionTemplateDecl' && /^on[A-Z]/.test(node.name)) {
      // template <std::invocable<const EVENT&> Handler> void onNAME(Handler handler)
      const [, event] = sourceOf(node, node.file).match(/invocable<const (\w+)&>/);
      struct.handlers.push({ name: node.name, event, doc: doc() });
    }
  }

  text(node) {
    const source = sourceOf(node, node.file).match(/=\s*((?:"(?:[^"\\]|\\.)*"\s*)+)$/);
    if (source !== null) {
      this.model.texts[node.name] = source[1]
        .match(/"(?:[^"\\]|\\.)*"/g)
        .map((each) => JSON.parse(each))
        .join('');
    }
  }
}

const parameterOf = ({ name, type, init }) => ({ name, type: plain(type.qualType), isOptional: init !== undefined });

/**
 * What the headers declare in namespace tidewire: enumerations with their enumerators; structs and classes with their
 * public fields, methods and handlers (`onNAME`); constant texts. Types are as written, without namespaces.
 */
export function readHeaders(compiler, includes) {
  const reader = new Reader();
  const state = { file: '' };
  for (const tree of syntaxTrees(compiler, includes)) {
    nameFiles(tree, state);
    if (tree.kind === 'NamespaceDecl') {
      reader.namespace(tree);
    }
  }
  return reader.model;
}
