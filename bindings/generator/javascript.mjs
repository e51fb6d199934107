// Writes described.js: what the wasm's numbers mean, and which options there are.

import { ADDED, CALL_OPTIONS, FLATTENED, KEYED_BY, READ_AS, SPARSE, URL_OPTION } from './annotations.mjs';
import { isNumber, upper } from './shape.mjs';

export function writeJavaScript(shape) {
  return `// Made by bindings/generator from the public headers. Change those.

// --- Names of enumerators, in their order ---

${shape
  .enums()
  .map((name) => `export const ${upper(name)} = ${array(shape.names(name))};`)
  .join('\n')}

// --- Options: [number, how it is read, ...] ---

export const URL_OPTION = ${shape.options().find(({ path }) => path === URL_OPTION).number};
export const OPTIONS = ${schema(optionsFor(shape, 'options'))};
export const SESSION_OPTIONS = ${schema(optionsFor(shape, 'session'))};
${CALL_OPTIONS.map((struct) => `export const ${upper(struct)} = ${schema(callOptions(shape, struct))};`).join('\n')}
export const SUBSCRIPTION_HANDLERS = ${schema(handlers(shape))};


// --- What the texts of faults are, in C++ and here ---

export const FAULTS = ${JSON.stringify(shape.model.texts, null, 2)};

// --- Events, results and statistics: \`fields\` are the numbers of one struct ---

${shape
  .crossing()
  .map((struct) => writeReader(shape, struct))
  .join('\n')}
const readMessage = (fields) => ({ data: fields.payload() });

export const EVENTS = [
${shape
  .events()
  .map((each) => `  { name: '${each.name}', type: '${each.type}', read: ${readerOf(shape, each)} },`)
  .join('\n')}
];
`;
}

const array = (names) => `[${names.map((name) => `'${name}'`).join(', ')}]`;

// An object of nested objects and arrays of source text.
function schema(tree, indent = '  ') {
  const rows = Object.entries(tree).map(
    ([key, value]) => `${indent}${key}: ${typeof value === 'string' ? value : schema(value, `${indent}  `)},\n`,
  );
  return `{\n${rows.join('')}${indent.slice(2)}}`;
}

function wayToRead({ type, path }) {
  if (path in READ_AS) {
    return `'${READ_AS[path]}'`;
  }
  return type.kind === 'enum'
    ? `'oneOf', ${upper(type.name)}`
    : type.kind === 'vector'
      ? `'${type.of.kind}s'`
      : `'${type.kind}'`;
}

function optionsFor(shape, kind) {
  const tree = {};
  // Whether a session is refused a struct as a whole stands at the member that holds it.
  const refused = new Set(
    shape
      .members('Options')
      .filter((each) => shape.isRefusedToSessions(each))
      .map(({ name }) => name),
  );
  for (const option of shape.options()) {
    const isSessions = option.cpp.startsWith('session.');
    const isRefused = kind === 'session' ? refused.has(option.way[0]) || shape.isRefusedToSessions(option) : isSessions;
    if (!isRefused && option.path !== URL_OPTION) {
      const parent = option.way.slice(0, -1).reduce((at, key) => (at[key] ??= {}), tree);
      parent[option.way.at(-1)] = `[${option.number}, ${wayToRead(option)}]`;
    }
  }
  return { ...tree, ...added('Options') };
}

// Read by name, and never given to the wasm.
const added = (struct) =>
  Object.fromEntries(Object.entries(ADDED[struct] ?? {}).map(([name, way]) => [name, `[0, '${way}']`]));

// They are read by name.
function callOptions(shape, struct) {
  const rows = shape.members(struct).map((member) => {
    const type = member.type.kind === 'optional' ? member.type.of : member.type;
    return [
      member.javascript,
      type.kind === 'struct' ? callOptions(shape, type.name) : `[0, ${wayToRead({ ...member, type })}]`,
    ];
  });
  return { ...Object.fromEntries(rows), ...added(struct) };
}

const handlers = (shape) =>
  Object.fromEntries(shape.model.structs.SubscriptionHandlers.fields.map(({ name }) => [name, "[0, 'callback']"]));

function read(shape, type, path, isSparse = false) {
  switch (type.kind) {
    case 'flag':
      return 'fields.flag()';
    case 'enum':
      return `${upper(type.name)}[fields.number()]`;
    case 'text':
      return 'fields.text()';
    case 'payload':
      return 'fields.payload()';
    case 'array':
      return `fields.keyed(${upper(KEYED_BY[path])})`;
    case 'struct':
      return `read${type.name}(fields)`;
    case 'optional':
      if (type.of.kind === 'struct') {
        return `fields.optional(read${type.of.name})${SPARSE.includes(type.of.name) ? ' ?? {}' : ''}`;
      }
      if (!isNumber(type.of)) {
        return `fields.optional((fields) => ${read(shape, type.of, path)})`;
      }
      return isSparse ? 'fields.numberOr(undefined)' : 'fields.numberOr(null)';
    default:
      return 'fields.number()';
  }
}

function writeReader(shape, struct) {
  const members = shape.members(struct);
  const rows = (list) =>
    list.flatMap((each) =>
      each.path in FLATTENED
        ? shape
            .flattened(each.path, each.type.name)
            .map((inner) => `  ${inner.javascript}: ${read(shape, inner.type, inner.path)},\n`)
        : [`  ${each.javascript}: ${read(shape, each.type, each.path, SPARSE.includes(struct))},\n`],
    );
  const common = members.filter(({ isSessionOnly }) => !isSessionOnly);
  const own = members.filter(({ isSessionOnly }) => isSessionOnly);
  const object = `{\n${rows(common).join('')}}`;
  const body = SPARSE.includes(struct) ? `fields.sparse(${object})` : `(${object})`;
  const reader = `export const read${struct} = (fields) => ${body};\n`;
  const ofSession = `({\n  ...read${struct}(fields),\n${rows(own).join('')}})`;
  return own.length === 0 ? reader : `${reader}const readSession${struct} = (fields) => ${ofSession};\n`;
}

function readerOf(shape, { struct, forSession, name }) {
  const differs = struct !== 'Message' && shape.members(struct).some(({ isSessionOnly }) => isSessionOnly);
  return `read${differs && forSession && name.startsWith('session') ? 'Session' : ''}${struct}`;
}
