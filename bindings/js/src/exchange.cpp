#include "exchange.hpp"

#include <memory>
#include <utility>

#include "binding_support.hpp"
#include "glue.hpp"

namespace exchange {

std::string textOf(std::uint32_t slot) {
  return tidewire::binding::textOfSlot(slot);
}

std::uint32_t slotOf(std::string_view text) {
  return tidewire_js_hold_text(text.data(), text.size());
}

void Fields::clear() noexcept {
  while (texts_ > 0) {
    tidewire_js_release(slots_[--texts_]);
  }
  size_ = 0;
}

void Fields::put(std::string_view text) {
  const std::uint32_t slot = slotOf(text);
  slots_[texts_++] = slot;
  put(slot);
}

void Fields::put(const tidewire::Body& body) {
  if (const tidewire::Message* message = tidewire::binding::messageOf(body)) {
    put(*message);
  } else {
    put(-1);
  }
}

void Fields::put(const tidewire::Message& message) {
  put(tidewire::binding::slotOf(message));
}

Fields& freshResult() {
  static Fields fields;
  fields.clear();
  return fields;
}

ParsedOptions take(ParsedOptions* parsed) {
  const std::unique_ptr<ParsedOptions> owned(parsed);
  return std::move(*owned);
}

}  // namespace exchange
