#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidewire/message.hpp"

namespace tidewire::core::protocol {

// How messages of "tidewire.v1" lie in WebSocket messages: docs/protocol.md, section 2.

/// One message, as views into the WebSocket message that carried it.
struct Part {
  std::span<const std::byte> head;
  std::optional<std::span<const std::byte>> body;  ///< No body and an empty one are different things.
};

/// Takes the payload of a WebSocket message apart. `payload` outlives it.
class Unframer {
 public:
  Unframer(MessageKind kind, std::span<const std::byte> payload) noexcept
      : rest_(payload), kind_(kind), malformed_(payload.empty()) {}

  /// The next message; nothing at the end, and from where the framing is malformed on.
  [[nodiscard]] std::optional<Part> next() noexcept;
  [[nodiscard]] bool malformed() const noexcept { return malformed_; }
  /// What has not been read yet.
  [[nodiscard]] std::span<const std::byte> rest() const noexcept { return rest_; }
  /// Goes on in a copy of `rest()`.
  void moveTo(std::span<const std::byte> copy) noexcept { rest_ = copy; }

 private:
  [[nodiscard]] std::span<const std::byte> takeText() noexcept;
  [[nodiscard]] std::span<const std::byte> takeBinary() noexcept;

  std::span<const std::byte> rest_;
  MessageKind kind_;
  bool malformed_;
};

/// Whether a WebSocket message of `maxBytes` can hold this message.
[[nodiscard]] bool fits(std::string_view head, std::optional<std::span<const std::byte>> body,
                        std::uint64_t maxBytes) noexcept;

/// Joins messages, in their order, into as few WebSocket messages as their framing and `maxBytes` allow.
class Framer {
 public:
  struct Batch {
    MessageKind kind = MessageKind::Text;
    std::string payload = {};
  };

  /// A message that is larger than `maxBytes` goes alone.
  explicit Framer(std::size_t maxBytes) noexcept : maxBytes_(maxBytes) {}

  void add(std::string_view head, std::optional<std::span<const std::byte>> body);
  [[nodiscard]] bool empty() const noexcept { return batches_.empty(); }
  /// Everything that was added since the last call.
  [[nodiscard]] std::vector<Batch> take();

 private:
  std::size_t maxBytes_;
  std::vector<Batch> batches_;
};

}  // namespace tidewire::core::protocol
