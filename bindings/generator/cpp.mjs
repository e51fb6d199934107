// Writes the C++ side: what sets options, what takes events apart, and the exports that are mere calls.

import { FLATTENED, KEYED_BY } from './annotations.mjs';
import { snake } from './shape.mjs';

const NOTE = '// Made by bindings/generator from the public headers. Change those.\n';

export function writeHeader(shape) {
  const callbacks = shape.options().filter(({ type }) => type.kind === 'callback');
  const [numbers, texts] = shape.most();
  return `${NOTE}#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tidewire/tidewire.hpp"

namespace exchange {

class Fields;

inline constexpr std::size_t kMostFields = ${numbers};
inline constexpr std::size_t kMostTexts = ${texts};

/// What JavaScript wants of a client or a session. Of its functions only that there are any: they stay on its side.
struct ParsedOptions {
  tidewire::Options options = {};
  tidewire::SessionOptions session = {};
${callbacks.map((each) => `  bool ${each.name} = false;`).join('\n')}
};

void setNumber(ParsedOptions& parsed, int option, double value);
void setText(ParsedOptions& parsed, int option, std::string text);

/// What JavaScript is told of; the names are those of EVENTS in described.js.
enum class Kind : std::uint8_t {
${shape
  .events()
  .map(({ kind }) => `  ${kind},`)
  .join('\n')}
};

${shape
  .crossing()
  .map((struct) => `void put(Fields& fields, const tidewire::${struct}& value);`)
  .join('\n')}

// The kind of each event of a class.
${['Client', 'Session', 'Subscription'].map((owner) => writeKinds(shape, owner)).join('\n')}

}  // namespace exchange
`;
}

export function writeSource(shape) {
  return `${NOTE}#include "described.hpp"

#include <emscripten/em_macros.h>

#include <utility>

#include "exchange.hpp"
#include "handles.hpp"

namespace exchange {

${Object.entries(KEYED_BY)
  .map((each) => writeKeyCheck(shape, each))
  .join('')}
${writeSetters(shape)}
${shape
  .crossing()
  .map((struct) => writePut(shape, struct))
  .join('\n')}
}  // namespace exchange

${writeExports(shape, shape.exports().filter(isOfClient))}`;
}

/** What a wasm with clients alone leaves out. */
export function writeSessionSource(shape) {
  return `${NOTE}#include <emscripten/em_macros.h>

#include <utility>

#include "exchange.hpp"
#include "handles.hpp"

${writeExports(
  shape,
  shape.exports().filter((each) => !isOfClient(each)),
)}`;
}

const isOfClient = ({ owner }) => owner === 'Client';

function writeExports(shape, exports) {
  return `extern "C" {

${exports.map((each) => writeExport(shape, each)).join('\n')}}
`;
}

const isText = ({ type }) => type.kind === 'text' || (type.kind === 'vector' && type.of.kind === 'text');

function writeSetters(shape) {
  const target = ({ cpp, name, type }) => (type.kind === 'callback' ? name : cpp);
  const row = (value) => (each) => `    case ${each.number}: return set(parsed.${target(each)}, ${value});\n`;
  const numbers = shape.options().filter((each) => !isText(each));
  const texts = shape.options().filter(isText);
  return `void setNumber(ParsedOptions& parsed, int option, double value) {
  switch (option) {
${numbers.map(row('value')).join('')}    default: return;
  }
}

void setText(ParsedOptions& parsed, int option, std::string text) {
  switch (option) {
${texts.map(row('std::move(text)')).join('')}    default: return;
  }
}
`;
}

// JavaScript reads as many numbers as there are names.
function writeKeyCheck(shape, [path, enumeration]) {
  const member = path.replace('.', '::');
  const count = shape.names(enumeration).length;
  const size = `${count} * sizeof(std::uint64_t)`;
  return `static_assert(sizeof(tidewire::${member}) == ${size}, "${member}: one place for each ${enumeration}");\n`;
}

function writePut(shape, struct) {
  const rows = shape.members(struct).map(({ name, isGetter, type, path }) => {
    const value = `value.${name}${isGetter ? '()' : ''}`;
    return path in FLATTENED
      ? shape
          .flattened(path, type.name)
          .map((inner) => `  fields.put(${value}.${inner.name});\n`)
          .join('')
      : `  fields.put(${value});\n`;
  });
  return `void put(Fields& fields, const tidewire::${struct}& value) {\n${rows.join('')}}\n`;
}

// The handlers of a class, and the events that they get.
function handlersOf(shape, owner) {
  return owner === 'Subscription'
    ? shape.model.structs.SubscriptionHandlers.fields.map(({ name, type }) => ({ name, event: shape.type(type).name }))
    : shape.model.structs[owner].handlers;
}

function writeKinds(shape, owner) {
  const rows = handlersOf(shape, owner).map(({ name, event }) => {
    const { kind } = shape.eventOf(owner, name);
    return `constexpr Kind kindFor${owner}(const tidewire::${event}&) {\n  return Kind::${kind};\n}`;
  });
  return rows.join('\n');
}

// How a result crosses: a number, a slot, or a block of fields.
function crossingOf(shape, returns) {
  const type = shape.type(returns);
  const inner = type.kind === 'optional' ? type.of : type;
  return { struct: 'const double*', text: 'std::uint32_t', flag: 'int', enum: 'int' }[inner.kind] ?? 'double';
}

function writeExport(shape, { owner, name, returns, parameters }) {
  const isOfSubscription = owner === 'Subscription';
  const kind = isOfClient({ owner }) ? 'Client' : 'Session';
  const isText = ({ type }) => /^string(_view)?$/.test(type);
  const head = [
    `${kind}Handle* handle`,
    ...(isOfSubscription ? ['double id'] : []),
    ...parameters.map((each) => (isText(each) ? `std::uint32_t ${each.name}Slot` : `double ${each.name}`)),
  ];
  const taken = parameters.filter(isText).map((each) => `  std::string ${each.name} = exchange::textOf(${each.name}Slot);\n`);
  const values = parameters.map((each) =>
    isText(each) ? `std::move(${each.name})` : `static_cast<std::${each.type}>(${each.name})`,
  );
  const called = `${isOfSubscription ? 'handle->subscription(id)' : 'handle->peer'}.${name}(${values.join(', ')})`;
  const exported = `tidewire_${snake(kind)}_${snake(name)}`;
  return `EMSCRIPTEN_KEEPALIVE ${crossingOf(shape, returns)} ${exported}(${head.join(', ')}) {
${taken.join('')}  return exchange::crossing(${called});
}
`;
}
