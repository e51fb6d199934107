#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "described.hpp"

// What crosses between C++ and JavaScript. Numbers only: text and payloads cross as slots of glue.js's table. Counts,
// times and sizes are doubles, since JavaScript has no other number and none of them reaches 2^53. A client or a
// session is known to JavaScript by its address. What is the same for each option, event and result is made from the
// public headers (described.hpp); here is what that is made of.

extern "C" {
/// connection.js defines it. `fields` is a block of what `put` has written, for the duration of the call. `id` is the
/// number of a subscription or a call, or 0.
void tidewire_js_event(int kind, const void* handle, double id, const double* fields);
/// client.js defines it: a message, whose payload is in `slot` for the duration of the call.
void tidewire_js_message(const void* handle, std::uint32_t slot);
}

namespace exchange {

/// The text of `slot`, which is released.
[[nodiscard]] std::string textOf(std::uint32_t slot);

/// A slot with a copy of `text`, which JavaScript releases.
[[nodiscard]] std::uint32_t slotOf(std::string_view text);

template <class Value>
concept Number = std::is_arithmetic_v<Value>;
template <class Value>
concept Enumeration = std::is_enum_v<Value>;
template <class Value>
concept Duration = std::is_convertible_v<Value, std::chrono::nanoseconds>;

inline double inMilliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

inline std::chrono::milliseconds milliseconds(double value) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(value));
}

// What JavaScript gives for an option.

inline void set(bool& option, double value) {
  option = value != 0;
}
template <Number Integer>
void set(Integer& option, double value) {
  option = static_cast<Integer>(std::min(value, double{std::numeric_limits<std::uint32_t>::max()}));
}
template <Enumeration Enum>
void set(Enum& option, double value) {
  option = static_cast<Enum>(value);
}
inline void set(std::chrono::milliseconds& option, double value) {
  option = milliseconds(value);
}
inline void set(std::string& option, std::string text) {
  option = std::move(text);
}
/// One of several.
template <class Value, class Given>
void set(std::vector<Value>& option, Given given) {
  set(option.emplace_back(), std::move(given));
}

/// One struct as JavaScript reads it (fields.js): its members, one behind the other. Owns the slots of its texts.
class Fields final {
 public:
  Fields() = default;
  ~Fields() { clear(); }
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  void clear() noexcept;
  [[nodiscard]] const double* data() const noexcept { return numbers_.data(); }

  void put(double number) { numbers_[size_++] = number; }
  template <Number Value>
  void put(Value value) {
    put(static_cast<double>(value));
  }
  template <Enumeration Enum>
  void put(Enum value) {
    put(static_cast<double>(value));
  }
  template <Duration Time>
  void put(Time time) {
    put(inMilliseconds(time));
  }
  void put(std::string_view text);
  void put(const tidewire::Body& body);
  void put(const tidewire::Message& message);
  template <class Value>
  void put(const std::optional<Value>& value) {
    if constexpr (Number<Value> || Duration<Value>) {
      put(value ? asNumber(*value) : std::numeric_limits<double>::quiet_NaN());
    } else {
      put(value.has_value());
      if (value) {
        put(*value);
      }
    }
  }
  template <std::size_t kSize>
  void put(const std::array<std::uint64_t, kSize>& numbers) {
    for (const std::uint64_t number : numbers) {
      put(number);
    }
  }
  template <class Struct>
  requires(std::is_class_v<Struct> && !Duration<Struct> &&
           !std::is_convertible_v<const Struct&, std::string_view>) void put(const Struct& value) {
    exchange::put(*this, value);
  }

 private:
  static double asNumber(std::chrono::nanoseconds time) { return inMilliseconds(time); }
  template <Number Value>
  static double asNumber(Value value) {
    return static_cast<double>(value);
  }

  std::array<double, kMostFields> numbers_;  // Uninitialised: there may be very many of these.
  std::array<std::uint32_t, kMostTexts> slots_;
  std::size_t size_ = 0;
  std::size_t texts_ = 0;
};

/// Reports `event` to JavaScript.
template <class Event>
void emit(Kind kind, const void* handle, double id, const Event& event) {
  Fields fields;
  fields.put(event);
  tidewire_js_event(static_cast<int>(kind), handle, id, fields.data());
}

// What JavaScript gets of a call.

template <Enumeration Enum>
int crossing(Enum value) {
  return static_cast<int>(value);
}
inline int crossing(bool value) {
  return value ? 1 : 0;
}
inline double crossing(std::size_t value) {
  return static_cast<double>(value);
}
/// NaN where there is none.
inline double crossing(std::optional<std::chrono::milliseconds> time) {
  return time ? inMilliseconds(*time) : std::numeric_limits<double>::quiet_NaN();
}
inline std::uint32_t crossing(const std::string& text) {
  return slotOf(text);
}
/// The block of the newest result, until the next.
[[nodiscard]] Fields& freshResult();
template <class Struct>
requires std::is_class_v<Struct>
const double* crossing(const Struct& value) {
  Fields& fields = freshResult();
  fields.put(value);
  return fields.data();
}

/// What JavaScript has made and hands over.
[[nodiscard]] ParsedOptions take(ParsedOptions* parsed);

}  // namespace exchange
