#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "byte_buffer.hpp"
#include "core/outgoing.hpp"

namespace tidewire::native {

/// What is to be written to a connection, gathered into as few and as large writes as it takes: control frames first,
/// messages in order, and a Close frame behind all of them.
///
/// Messages that lie one behind the other in memory become one write without being copied.
class FrameWriter {
 public:
  /// For Pings and Pongs, which may overtake messages (RFC 6455 section 5.4).
  [[nodiscard]] ByteBuffer& control() noexcept { return control_; }
  /// For the last frame.
  [[nodiscard]] ByteBuffer& closing() noexcept { return closing_; }
  /// Frames of messages in one piece of memory, which `keep` keeps.
  void add(std::span<const std::byte> frames, std::size_t payloadBytes, core::Payload keep);

  [[nodiscard]] std::size_t bytes() const noexcept { return control_.size() + messageBytes_ + closing_.size(); }
  /// Of messages: what is still to be written, and what the last write held.
  [[nodiscard]] std::size_t payloadBytes() const noexcept { return payloadBytes_; }
  [[nodiscard]] std::size_t lastPayloadBytes() const noexcept { return lastPayloadBytes_; }
  [[nodiscard]] bool empty() const noexcept { return bytes() == 0; }

  /// Calls `write(span)` until everything is written, or until `mayWrite()` says no.
  template <class MayWrite, class Write>
  void writeOut(MayWrite mayWrite, Write write) {
    while (!empty() && mayWrite()) {
      write(nextStretch());
      dropWritten();
    }
  }

 private:
  // Shorter stretches are copied together; a write costs more than copying this much.
  static constexpr std::size_t kCopiedBytes = 16 * 1024;
  // More memory than this is given back once a burst is over.
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

  ByteBuffer copied_;
  std::size_t taken_ = 0;  // Stretches that the last write covered.
};

}  // namespace tidewire::native
