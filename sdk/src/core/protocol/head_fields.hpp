#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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

}  // namespace tidewire::core::protocol
