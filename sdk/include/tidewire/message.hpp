#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace tidewire {

namespace internal {
struct MessageAccess;
class MessageMemory;
}  // namespace internal

/// The two kinds of data message (RFC 6455 section 5.6).
enum class MessageKind : std::uint8_t { Text, Binary };

/// One complete message from the peer, reassembled from its frames (RFC 6455 section 5.4).
///
/// `Client::onMessage` passes it by reference: the message and every view of it are valid until that callback returns.
/// Copy the payload to keep it.
///
/// Thread: the one that runs the callback.
///
/// Platforms: Native: a view of the read buffer. Web: the payload stays in JavaScript until the first call of `text()`
/// or `bytes()`, which copies it.
class Message {
 public:
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  /// Takes the payload over. `other` is empty afterwards.
  Message(Message&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        memory_(std::exchange(other.memory_, nullptr)),
        slot_(std::exchange(other.slot_, 0)),
        kind_(other.kind_) {}
  /// Swaps with `other`.
  Message& operator=(Message&& other) noexcept;
  /// Frees the payload.
  ~Message() {
    if (slot_ != 0 || memory_ != nullptr) {
      release();
    }
  }

  /// Returns: the kind that the peer's frame stated.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] MessageKind kind() const noexcept { return kind_; }
  /// Returns: true for `MessageKind::Text`.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] bool isText() const noexcept { return kind_ == MessageKind::Text; }

  /// Returns: the payload as characters. Well-formed UTF-8 for a text message (RFC 6455 section 8.1), arbitrary bytes
  /// for a binary one.
  ///
  /// The view is not NUL-terminated, and NUL may occur inside it.
  ///
  /// Platforms: Native: a view of the read buffer. Web: the first call copies the payload from JavaScript. Why:
  /// payloads stay in JavaScript.
  [[nodiscard]] std::string_view text() const noexcept {
    const std::span<const std::byte> view = bytes();
    return {reinterpret_cast<const char*>(view.data()), view.size()};
  }

  /// Returns: the payload as bytes; of a text message, its UTF-8 encoding.
  ///
  /// Platforms: Native: a view of the read buffer. Web: the first call copies the payload from JavaScript. Why:
  /// payloads stay in JavaScript.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    if (slot_ != 0 && data_ == nullptr) {
      load();
    }
    return {data_, size_};
  }

 private:
  friend struct internal::MessageAccess;

  Message(MessageKind kind, std::span<const std::byte> view) noexcept
      : data_(view.data()), size_(view.size()), kind_(kind) {}
  Message(MessageKind kind, std::uint32_t slot, std::size_t knownSize) noexcept
      : size_(knownSize), slot_(slot), kind_(kind) {}

  void load() const noexcept;
  void release() noexcept;

  mutable const std::byte* data_ = nullptr;
  mutable std::size_t size_ = 0;
  mutable internal::MessageMemory* memory_ = nullptr;
  std::uint32_t slot_ = 0;  // Web: the payload's index in the JavaScript slot table; 0 natively.
  MessageKind kind_;
};

}  // namespace tidewire
