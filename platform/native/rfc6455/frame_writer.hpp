#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/outgoing.hpp"
#include "rfc6455/byte_buffer.hpp"

namespace tidewire::native {

/// Gathers the frames of a connection into few, large writes: control frames first, messages in order, a Close frame
/// behind all of them.
///
/// Adjacent messages become one write without a copy.
class FrameWriter {
 public:
  /// For Pings and Pongs, which may overtake messages (RFC 6455 section 5.4).
  [[nodiscard]] ByteBuffer& control() noexcept { return control_; }
  /// For the last frame.
  [[nodiscard]] ByteBuffer& closing() noexcept { return closing_; }
  /// Frames of messages in one piece of memory, which `keep` keeps alive.
  void add(std::span<const std::byte> frames, std::size_t payloadBytes, core::Payload keep);

  [[nodiscard]] std::size_t bytes() const noexcept {
    return control_.size() + messageBytes_ + closing_.size() + current_.size();
  }
  /// Message bytes behind the current write, and message bytes of the current or last write.
  [[nodiscard]] std::size_t payloadBytes() const noexcept { return payloadBytes_; }
  [[nodiscard]] std::size_t lastPayloadBytes() const noexcept { return lastPayloadBytes_; }
  [[nodiscard]] bool empty() const noexcept { return bytes() == 0; }

  /// Calls `write(span)`, which returns how many bytes it accepted from the front, until everything is written or a
  /// call does not accept all. The rest comes first the next time.
  template <class Write>
  void writeOut(Write write) {
    while (!empty()) {
      if (current_.empty()) {
        current_ = nextStretch();
      }
      current_ = current_.subspan(write(current_));
      if (!current_.empty()) {
        return;
      }
      dropWritten();
    }
  }

  /// Frees the memory of written frames, if all are.
  void shrink() noexcept {
    if (empty()) {
      control_.release();
      copied_.release();
    }
  }

  /// A write is incomplete.
  [[nodiscard]] bool cutShort() const noexcept { return !current_.empty(); }

 private:
  // Shorter stretches are joined by copying, because a write costs more than copying this much.
  static constexpr std::size_t kCopiedBytes = 16 * 1024;
  // More memory than this is freed after a burst.
  static constexpr std::size_t kKeptBytes = 512 * 1024;

  struct Stretch {
    std::span<const std::byte> frames;
    std::size_t payloadBytes;
    core::Payload keep;  // Of its last message: keeps the memory.
  };

  [[nodiscard]] std::span<const std::byte> nextStretch();
  [[nodiscard]] std::span<const std::byte> takeStretch();
  void dropWritten();

  ByteBuffer control_;
  std::vector<Stretch> stretches_;
  std::size_t messageBytes_ = 0;
  std::size_t payloadBytes_ = 0;
  std::size_t lastPayloadBytes_ = 0;
  ByteBuffer closing_;

  std::span<const std::byte> current_ = {};  // Rest of the current write.
  ByteBuffer copied_;
  std::size_t taken_ = 0;  // Stretches covered by the current write.
};

}  // namespace tidewire::native
