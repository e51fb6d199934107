#include "core/protocol/head_fields.hpp"

namespace tidewire::core::protocol {
namespace {

constexpr std::array<std::string_view, kFieldCount> kNames = {
    "op",        "after",   "channel",    "code",   "dedup",     "dedup.count", "dedup.ms",  "epoch",    "from",
    "heartbeat", "id",      "maxMessage", "memory", "message",   "now",         "recovered", "requests", "resumed",
    "seq",       "skipped", "spread",     "t",      "temporary", "ts",          "type",      "url",      "v"};

}  // namespace

std::string_view nameOf(Field field) noexcept {
  return kNames[static_cast<std::size_t>(field)];
}

}  // namespace tidewire::core::protocol
