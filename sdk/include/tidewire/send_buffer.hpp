#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace tidewire {

namespace internal {
struct SendBufferAccess;
}  // namespace internal

/// Memory for the payload of one message, which the application writes in place and `Client` sends without a copy.
///
/// It saves time for large payloads that are made for sending, such as images: at 1 MiB a tenth of the CPU of sending,
/// at 64 KiB next to nothing. A payload that lies elsewhere already is better sent as it is, since copying it into a
/// buffer costs as much as `send` does.
///
/// ```cpp
/// tidewire::SendBuffer image(width * height * 4);
/// render(image.bytes());
/// (void)client.sendBinary(std::move(image));
/// ```
///
/// A buffer belongs to no client. Memory is used again after sending; running out of it ends the program.
///
/// Thread: any, one at a time.
///
/// Platforms: Native: sent from where it lies. Web: copied into JavaScript when it is sent. Why: a view of wasm memory
/// becomes invalid when the memory grows.
class SendBuffer {
 public:
  /// Allocates memory for `sizeBytes` bytes of payload. Their content is unspecified, and not zero: write all of them.
  ///
  /// Platforms: the same everywhere.
  explicit SendBuffer(std::size_t sizeBytes);
  /// Takes the memory over. `other` is empty afterwards.
  SendBuffer(SendBuffer&& other) noexcept
      : payload_(std::exchange(other.payload_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  /// Swaps with `other`.
  SendBuffer& operator=(SendBuffer&& other) noexcept;
  SendBuffer(const SendBuffer&) = delete;
  SendBuffer& operator=(const SendBuffer&) = delete;
  /// Frees the memory.
  ~SendBuffer() {
    if (payload_ != nullptr) {
      release();
    }
  }

  /// Returns: the payload, to be written; aligned for any fundamental type. Valid until the buffer is sent or moved.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] std::span<std::byte> bytes() noexcept { return {payload_, size_}; }
  /// Returns: the payload, to be read. Valid until the buffer is sent or moved.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {payload_, size_}; }
  /// Returns: the payload as characters, to be written. Not NUL-terminated. Valid until the buffer is sent or moved.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] std::span<char> text() noexcept { return {reinterpret_cast<char*>(payload_), size_}; }
  /// Returns: bytes of payload; 0 after it was moved from.
  ///
  /// Platforms: the same everywhere.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Leaves the first `sizeBytes` bytes, for a payload whose size is known only when it is written.
  ///
  /// Requires: at most `size()`; a larger number leaves the size as it is.
  ///
  /// Platforms: the same everywhere.
  void shrink(std::size_t sizeBytes) noexcept { size_ = sizeBytes < size_ ? sizeBytes : size_; }

 private:
  friend struct internal::SendBufferAccess;

  void release() noexcept;

  std::byte* payload_;  // Behind the platform's headroom.
  std::size_t size_;
  std::size_t capacity_;  // Of all the memory.
};

}  // namespace tidewire
