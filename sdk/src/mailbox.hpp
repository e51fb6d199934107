#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/admission.hpp"
#include "layer_command.hpp"
#include "platform/payload_store.hpp"
#include "platform/sync.hpp"
#include "tidewire/endpoint.hpp"
#include "tidewire/events.hpp"
#include "tidewire/options.hpp"
#include "tidewire/stats.hpp"

namespace tidewire::internal {

/// A call of the application, in call order.
struct Command {
  enum class Kind : std::uint8_t {
    Connect,
    Close,
    Reconnect,
    Probe,
    Pause,
    Resume,
    EndpointAnswered,
    EndpointFailed,
    OpenReturned,
    Layer,
    Destroy
  };

  Kind kind;
  std::size_t messagesBefore = 0;           // How many of the batch's messages were queued before it.
  std::uint16_t code = 0;                   // Close.
  std::string text = {};                    // Close: the reason. EndpointFailed: why.
  std::uint64_t attempt = 0;                // EndpointAnswered, EndpointFailed, OpenReturned.
  Endpoint endpoint = {};                   // EndpointAnswered.
  std::unique_ptr<LayerCommand> post = {};  // Layer; EndpointAnswered: its meaning for the layer, if any.
};

/// Messages that were dropped, and what they weighed.
struct DroppedCount {
  std::size_t messages = 0;
  std::size_t bytes = 0;
};

/// Messages that were dropped before the loop took them, by reason.
struct PostedDrops {
  DroppedCount displaced;
  DroppedCount expired;
  DroppedCount refused;
};

[[nodiscard]] inline bool isConnect(const Command& command) noexcept {
  return command.kind == Command::Kind::Connect;
}

/// The loop that empties a mailbox, as the mailbox sees it.
class MailboxLoop {
 public:
  /// Has the loop take a turn. Any thread, without the mailbox's lock.
  virtual void wakeLoop() = 0;

 protected:
  ~MailboxLoop() = default;
};

/// The only thing that calls of the application touch: a mutex, what they posted, and what they may know. Its lock is
/// never held around anything that takes time.
///
/// "Posted" is true from the first post until the loop thread has emptied the mailbox: only the post that turns it on
/// has to wake the loop.
class Mailbox {
 public:
  /// So many messages in a row that onOpen of one attempt sent.
  struct FirstRun {
    std::uint64_t attempt;
    std::size_t messages;
  };
  struct Batch {
    std::vector<Command> commands;
    PayloadStore::Batch first;  // Sent inside onOpen: they go ahead of everything else on its connection.
    std::vector<FirstRun> firstRuns;
    PayloadStore::Batch messages;
    PostedDrops dropped;
  };

  /// How one message is sent.
  struct SendMode {
    std::optional<WhenNotOpen> whenNotOpen = {};  // Overrides `SendQueueOptions::whenNotOpen`.
    std::uint64_t onOpenOf = 0;                   // The attempt whose onOpen sends it, or 0.
    // How long it has waited already, if `send` returned `Queued` before there was a client to judge it. If this client
    // does not accept it, it is dropped and reported.
    std::optional<core::Duration> waited = {};
  };

  /// `loop` outlives the mailbox.
  Mailbox(const SendQueueOptions& limits, MailboxLoop& loop) : admission_(limits), loop_(loop) {}

  // Any thread.

  [[nodiscard]] ConnectResult connect();
  [[nodiscard]] CloseResult close(std::uint16_t code, std::string_view reason);
  [[nodiscard]] ReconnectResult reconnect();
  [[nodiscard]] HeartbeatResult probe();
  /// A command that is always taken.
  void post(Command command);
  void post(std::unique_ptr<LayerCommand> command) { post({.kind = Command::Kind::Layer, .post = std::move(command)}); }
  /// The same, unless the client is closing or closed. Returns whether the command was taken.
  [[nodiscard]] bool postIfUp(std::unique_ptr<LayerCommand> command);
  void destroy();
  /// `content`: arguments of the platform's `PayloadStore::put`; `sizeBytes`: its payload bytes.
  template <class... Content>
  [[nodiscard]] SendResult send(std::size_t sizeBytes, const SendMode& mode, Content&&... content) {
    Lock lock(mutex_);
    if (const SendResult result = admit(sizeBytes, mode); result != SendResult::Queued) {
      if (mode.waited && result != SendResult::Closed) {
        noteRefused(lock, sizeBytes, *mode.waited);
      }
      return result;
    }
    if (!storeFor(mode.onOpenOf).put(std::forward<Content>(content)...)) {
      return SendResult::Unavailable;
    }
    takesHere_.store(false, std::memory_order_relaxed);
    ++waitingMessages_;
    waitingBytes_ += sizeBytes;
    postedBytes_ += sizeBytes;
    aboveLowWater_ = aboveLowWater_ || admission_.isAboveLowWater(waitingBytes_ + transportBytes_);
    notice(lock);
    return SendResult::Queued;
  }

  /// Whether the loop thread may use `sendHere`: it is between `hold` and `take`, the client is open, and nothing else
  /// is posted that has to keep its place before a message.
  [[nodiscard]] bool takesHere() const noexcept { return takesHere_.load(std::memory_order_relaxed); }
  /// Sends a message from a callback on the loop thread, without the lock. Returns nothing if `send` has to judge it.
  /// Requires: `takesHere`, and the loop thread.
  template <class... Content>
  [[nodiscard]] std::optional<SendResult> sendHere(std::size_t sizeBytes, std::optional<WhenNotOpen> whenNotOpen,
                                                   Content&&... content) {
    const std::size_t messages = hereMessages_.load(std::memory_order_relaxed);
    const std::size_t bytes = hereBytes_.load(std::memory_order_relaxed);
    const core::QueueLoad load{waitingAtHold_.messages + messages, waitingAtHold_.bytes + bytes};
    if (admission_.judge(sizeBytes, whenNotOpen, true, load) != core::Admission::Verdict::Accept) {
      return std::nullopt;
    }
    if (!here_.put(std::forward<Content>(content)...)) {
      return SendResult::Unavailable;
    }
    hereMessages_.store(messages + 1, std::memory_order_relaxed);
    hereBytes_.store(bytes + sizeBytes, std::memory_order_relaxed);
    return SendResult::Queued;
  }
  [[nodiscard]] State state() const;
  [[nodiscard]] std::size_t bufferedAmount() const;
  /// Sets in `stats` what waits to be sent.
  void addTo(Stats& stats) const;
  [[nodiscard]] WaitResult waitOpen(std::chrono::milliseconds timeout) const;
  [[nodiscard]] WaitResult waitClosed(std::chrono::milliseconds timeout) const;

  // Loop thread.

  /// Until `settle`, posts need not wake the loop: it is about to look.
  void hold();
  /// Takes everything posted so far.
  [[nodiscard]] Batch take();
  /// Puts messages back that the transport has no room for. Until it has, no message wakes the loop.
  void giveBack(PayloadStore::Batch messages);
  /// The connection has a new state. `reopens`: something that was taken will lead out of it again.
  ///
  /// In Closed, unless it reopens or a connect() has been posted since: posted messages have no connection to wait for.
  /// From Open to Waiting, under `WhenNotOpen::Refuse`: their connection is over, also for those that were `taken` and
  /// not passed on yet. Returns the messages that are dropped with it.
  DroppedCount setState(State state, bool reopens, PayloadStore::Batch& taken);

  /// Messages that left the mailbox and are not sent yet.
  struct Behind {
    std::size_t messages = 0;  ///< In the connection's queue.
    std::size_t bytes = 0;
    std::size_t transportBytes = 0;
  };
  /// Whether the amount that is buffered was above the low-water mark since this last said yes, and no longer is.
  [[nodiscard]] bool hasDrained(const Behind& behind);
  /// Ends a round. Returns false if something was posted meanwhile; then the loop has to take another turn, and no post
  /// wakes it.
  [[nodiscard]] bool settle(const Behind& behind);

 private:
  // The state that the application's calls lead to; `state_` follows.
  enum class Wish : std::uint8_t { Nothing, Up, Down };

  /// Inlined for a message like most: the client is open, and there is room.
  [[nodiscard]] SendResult admit(std::size_t bytes, const SendMode& mode) {
    const bool isOpen = wish_ == Wish::Up && state_ == State::Open && !mode.waited;
    return isOpen && admission_.fits(bytes, waiting()) ? SendResult::Queued : judge(bytes, mode);
  }
  [[nodiscard]] SendResult judge(std::size_t bytes, const SendMode& mode);
  [[nodiscard]] core::QueueLoad waiting() const noexcept {
    return {waitingMessages_ + hereMessages_.load(std::memory_order_relaxed),
            waitingBytes_ + hereBytes_.load(std::memory_order_relaxed)};
  }
  [[nodiscard]] DroppedCount dropPosted(PayloadStore::Batch& taken);
  void putFirst(PayloadStore::Batch messages, std::size_t count, std::size_t bytes);
  [[nodiscard]] bool makeRoom(std::size_t bytes);
  void noteRefused(Lock& lock, std::size_t bytes, core::Duration waited);
  /// Where the next message goes.
  [[nodiscard]] PayloadStore& storeFor(std::uint64_t onOpenOf) {
    return onOpenOf == 0 ? store_ : storeForOpen(onOpenOf);
  }
  [[nodiscard]] PayloadStore& storeForOpen(std::uint64_t onOpenOf);
  void note(const Behind& behind);
  /// Whether a close() is posted: messages sent after it are for another connection.
  [[nodiscard]] bool closes() const;
  void post(Lock& lock, Command command);
  /// Something is posted. Gives the lock up, since the loop's thread takes it.
  void notice(Lock& lock, bool wakesAnyway = false) {
    if (!std::exchange(posted_, true) || wakesAnyway) {
      lock.unlock();
      loop_.wakeLoop();
    }
  }
  void joinHere();
  [[nodiscard]] bool isDown() const noexcept {
    return wish_ != Wish::Up && !posted_ && (state_ == State::Idle || state_ == State::Closed);
  }

  mutable Mutex mutex_;
  mutable Condition settled_;
  const core::Admission admission_;
  MailboxLoop& loop_;
  Wish wish_ = Wish::Nothing;
  State state_ = State::Idle;
  State settledState_ = State::Idle;  // As of the last settled round: its callbacks have run.
  bool posted_ = false;
  bool awaitsRoom_ = false;  // All that is posted are messages that the transport has no room for.
  std::vector<Command> commands_;
  PayloadStore store_;
  PayloadStore first_;
  std::vector<FirstRun> firstRuns_;
  // Messages accepted and not yet handed to the transport, here and in the connection's queue together.
  std::size_t waitingMessages_ = 0;
  std::size_t waitingBytes_ = 0;
  std::size_t postedBytes_ = 0;
  std::size_t transportBytes_ = 0;
  bool aboveLowWater_ = false;
  PostedDrops dropped_;

  // Messages of callbacks, which precede everything in `store_`. The loop thread alone changes them and their numbers.
  std::atomic<bool> takesHere_ = false;
  PayloadStore here_;
  std::atomic<std::size_t> hereMessages_ = 0;
  std::atomic<std::size_t> hereBytes_ = 0;
  core::QueueLoad waitingAtHold_;
};

}  // namespace tidewire::internal
