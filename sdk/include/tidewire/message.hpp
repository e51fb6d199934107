#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace tidewire {

namespace internal {
struct MessageAccess;
}

/// The two kinds of data message (RFC 6455 section 5.6).
enum class MessageKind : std::uint8_t { Text, Binary };

/// One whole message from the peer, however many frames carried it.
///
/// A message that a callback receives by reference, and every view taken from it, is valid until that callback returns.
///
/// Thread: the one the callback runs on.
/// Platforms: on the web the payload stays in JavaScript until `text()` or `bytes()` is first called.
class Message {
 public:
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  Message(Message&& other) noexcept;
  Message& operator=(Message&& other) noexcept;
  ~Message();

  [[nodiscard]] MessageKind kind() const noexcept { return kind_; }
  [[nodiscard]] bool isText() const noexcept { return kind_ == MessageKind::Text; }

  /// The payload as characters: well-formed UTF-8 for a text message (RFC 6455 section 8.1), any bytes for a binary
  /// one. NUL is a character like any other; nothing is terminated by it.
  [[nodiscard]] std::string_view text() const noexcept {
    const std::span<const std::byte> view = bytes();
    return {reinterpret_cast<const char*>(view.data()), view.size()};
  }

  /// The payload as bytes; for a text message its UTF-8 encoding.
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

  mutable const std::byte* data_ = nullptr;
  mutable std::size_t size_ = 0;
  mutable std::unique_ptr<std::byte[]> owned_;
  std::uint32_t slot_ = 0;  // Web: the payload's place in the JavaScript slot table; 0 natively.
  MessageKind kind_;
};

}  // namespace tidewire
