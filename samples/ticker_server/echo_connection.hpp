#pragma once

#include <cstddef>
#include <deque>

#include "connection.hpp"

namespace ticker {

/// Sends every message back as it came, once it is complete, so that a client may send all of a message before it
/// reads.
class EchoConnection final : public Connection {
 public:
  static constexpr std::size_t kMaxMessageBytes = 64 * 1024 * 1024;

  explicit EchoConnection(lws* socket);

  void received(const Piece& piece) override;
  bool peerCloses(std::uint16_t code) override;

 protected:
  bool writeNext() override;
  bool wantsToRead() const override { return !paused_; }

 private:
  struct Frame {
    FrameBuffer buffer;
    FrameKind kind;
  };

  void append(const Piece& piece);
  void queueMessage();
  void pauseOrResume();

  std::deque<Frame> message_;  // The one that is coming in.
  std::size_t messageBytes_ = 0;
  std::deque<Frame> queue_;  // Frames of complete messages.
  std::size_t queuedBytes_ = 0;
  bool paused_ = false;
};

}  // namespace ticker
