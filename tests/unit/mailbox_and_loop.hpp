#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"
#include "mailbox.hpp"

namespace tidewire::internal::test {

/// A mailbox and what its loop thread would do.
class MailboxAndLoop : private MailboxLoop {
 public:
  explicit MailboxAndLoop(SendQueueOptions limits = {}) : mailbox(limits, *this) {}

  SendResult send(std::string_view text, const Mailbox::SendMode& mode = {}) {
    return mailbox.send(text.size(), mode, MessageKind::Text, core::asBytes(text));
  }
  /// What a callback on the loop's thread sends in a round; nothing if the lock's way has to judge it.
  std::optional<SendResult> sendHere(std::string_view text) {
    CHECK(mailbox.takesHere());
    return mailbox.sendHere(text.size(), {}, MessageKind::Text, core::asBytes(text));
  }
  SendResult send(std::size_t bytes) { return send(std::string(bytes, 'x')); }
  SendResult sendFirst(std::string_view text) { return send(text, {.onOpenOf = 1}); }
  SendResult sendIfOpen(std::string_view text) { return send(text, {.whenNotOpen = WhenNotOpen::Refuse}); }
  ConnectResult connect() { return mailbox.connect(); }
  CloseResult close(std::uint16_t code = 1000, std::string_view reason = {}) { return mailbox.close(code, reason); }
  ReconnectResult reconnect() { return mailbox.reconnect(); }
  HeartbeatResult probe() { return mailbox.probe(); }

  /// What statistics say of the queue.
  [[nodiscard]] Stats stats() const {
    Stats stats;
    mailbox.addTo(stats);
    return stats;
  }
  /// How many posts have woken the loop so far.
  [[nodiscard]] int wakes() const { return wakes_; }

  /// One round: takes what was posted, and leaves `queuedMessages` of `queuedBytes` in the connection's queue.
  struct Taken {
    std::vector<Command::Kind> commands = {};
    std::vector<std::size_t> messagesBefore = {};
    std::vector<std::size_t> sizes = {};
    std::vector<std::size_t> firstSizes = {};
    PostedDrops dropped = {};
    bool settled = false;
  };
  Taken round(std::size_t queuedMessages = 0, std::size_t queuedBytes = 0, std::size_t transportBytes = 0) {
    mailbox.hold();
    Mailbox::Batch batch = mailbox.take();
    Taken taken;
    for (const Command& command : batch.commands) {
      taken.commands.push_back(command.kind);
      taken.messagesBefore.push_back(command.messagesBefore);
    }
    while (const auto message = batch.messages.next()) {
      taken.sizes.push_back(message->sizeBytes);
    }
    while (const auto message = batch.first.next()) {
      taken.firstSizes.push_back(message->sizeBytes);
    }
    taken.dropped = batch.dropped;
    taken.settled = mailbox.settle({queuedMessages, queuedBytes, transportBytes});
    return taken;
  }
  /// Brings the mailbox to an open connection.
  void open() {
    CHECK(connect() == ConnectResult::Started);
    (void)round();
    become(State::Connecting);
    become(State::Open);
  }
  DroppedCount become(State state) {
    PayloadStore::Batch taken;
    return mailbox.setState(state, false, taken);
  }

  Mailbox mailbox;

 private:
  void wakeLoop() override { ++wakes_; }

  std::atomic<int> wakes_ = 0;
};

}  // namespace tidewire::internal::test
