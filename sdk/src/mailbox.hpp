#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "payload_store.hpp"
#include "sync.hpp"
#include "tidewire/events.hpp"
#include "tidewire/options.hpp"

namespace tidewire::internal {

/// What the application told its client to do, in call order.
struct Command {
  enum class Kind : std::uint8_t { Connect, Close, Reconnect, Ask, Destroy };

  Kind kind;
  std::size_t messagesBefore = 0;  // How many of the batch's messages were queued before it.
  std::uint16_t code = 0;
  std::string reason = {};
};

[[nodiscard]] inline bool isConnect(const Command& command) noexcept {
  return command.kind == Command::Kind::Connect;
}

/// The only thing that calls of the application touch: a mutex, what they posted, and what they may know. Its lock is
/// never held around anything that takes time.
///
/// "Posted" is true from the first post until the loop thread has emptied the mailbox: only the post that turns it on
/// has to wake the loop.
class Mailbox {
 public:
  struct Batch {
    std::vector<Command> commands;
    PayloadStore::Batch messages;
  };

  struct Post {
    bool wake = false;
  };

  explicit Mailbox(const SendQueueOptions& limits) : limits_(limits) {}

  // Any thread.

  [[nodiscard]] ConnectResult connect(Post& post);
  [[nodiscard]] CloseResult close(std::uint16_t code, std::string_view reason, Post& post);
  [[nodiscard]] ReconnectResult reconnect(Post& post);
  [[nodiscard]] HeartbeatResult ask(Post& post);
  void destroy(Post& post);
  /// `content` is what the platform's `PayloadStore::put` takes, `sizeBytes` what it weighs.
  template <class... Content>
  [[nodiscard]] SendResult send(std::size_t sizeBytes, Post& post, Content&&... content) {
    const Lock lock(mutex_);
    const SendResult result = admit(sizeBytes);
    if (result == SendResult::Queued) {
      store_.put(std::forward<Content>(content)...);
      ++waitingMessages_;
      waitingBytes_ += sizeBytes;
      postedBytes_ += sizeBytes;
      notice(post);
    }
    return result;
  }
  [[nodiscard]] State state() const;

  // Loop thread.

  /// Until `settle`, posts need not wake the loop: it is about to look.
  void hold();
  /// Takes everything posted so far.
  [[nodiscard]] Batch take();
  /// The connection has a new state. `reopens`: something that was taken will lead out of it again.
  ///
  /// In Closed, unless it reopens or a connect() has been posted since: what is posted leads nowhere. Returns how many
  /// messages are dropped with it.
  std::size_t setState(State state, bool reopens);
  /// Ends a round: so much still waits in the connection's queue. Returns false if something was posted meanwhile; then
  /// the loop has to take another turn, and no post wakes it.
  [[nodiscard]] bool settle(std::size_t queuedMessages, std::size_t queuedBytes);

 private:
  // What the application wants, as far as its calls told; `state_` follows.
  enum class Wish : std::uint8_t { Nothing, Up, Down };

  [[nodiscard]] SendResult admit(std::size_t bytes) const;
  void post(Command command, Post& post);
  void notice(Post& post) { post.wake = !std::exchange(posted_, true); }

  mutable Mutex mutex_;
  const SendQueueOptions limits_;
  Wish wish_ = Wish::Nothing;
  State state_ = State::Idle;
  bool posted_ = false;
  std::vector<Command> commands_;
  PayloadStore store_;
  // Messages accepted and not yet handed to the transport, here and in the connection's queue together.
  std::size_t waitingMessages_ = 0;
  std::size_t waitingBytes_ = 0;
  std::size_t postedBytes_ = 0;
};

}  // namespace tidewire::internal
