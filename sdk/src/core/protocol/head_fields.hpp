#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/protocol/heads.hpp"

namespace tidewire::core::protocol {

/// The fields of heads that a client reads. Those of `dedup` have its name in theirs.
enum class Field : std::uint8_t {
  Op,
  After,
  Channel,
  Code,
  Dedup,
  DedupCount,
  DedupMs,
  Epoch,
  From,
  Heartbeat,
  Id,
  MaxMessage,
  Memory,
  Message,
  Now,
  Recovered,
  Requests,
  Resumed,
  Seq,
  Skipped,
  Spread,
  T,
  Temporary,
  Ts,
  Type,
  Url,
  V,
};
inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::V) + 1;

[[nodiscard]] std::string_view nameOf(Field field) noexcept;

struct FieldValue {
  enum class Type : std::uint8_t { Absent, Boolean, Number, String, Object, Other };

  Type type = Type::Absent;
  bool boolean = false;
  double number = 0;
  std::string string = {};
};

using Fields = std::array<FieldValue, kFieldCount>;

/// What the fields of a head say; they are used up.
[[nodiscard]] ServerHead readServerHead(Fields& fields);

// What a platform's JSON library does.

/// Reads the known fields of a JSON object, whatever their types. Of repeated ones the last counts. Natively; a page
/// does it in messages.js.
///
/// Returns: whether it is an object that docs/protocol.md, section 2.2, allows as a head.
[[nodiscard]] bool readFields(std::span<const std::byte> head, Fields& fields);

/// Reads a head that a server sent: any bytes. Natively, as `readFields`.
[[nodiscard]] ServerHead readServerHead(std::span<const std::byte> head);

/// What is no head at all.
[[nodiscard]] Malformed noHead();

}  // namespace tidewire::core::protocol
