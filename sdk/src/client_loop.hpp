#pragma once

#include <memory>
#include <vector>

#include "core/connection.hpp"
#include "delivery.hpp"
#include "loop.hpp"
#include "mailbox.hpp"

namespace tidewire::internal {

class ClientShared;

/// A client's half on the loop thread: gives the core its inputs, performs its actions, and owns the transport.
class ClientLoop final : private TransportEvents {
 public:
  ClientLoop(ClientShared& shared, const Options& options, Loop& loop, Mailbox& mailbox, Delivery& delivery);
  ~ClientLoop();

  /// Does what was posted and what is due. Returns false when the client is gone: then this object has to go too.
  [[nodiscard]] bool turn();

 private:
  void transportOpened(std::string_view subprotocol) override;
  void arrivalBegan() override;
  void messageArrived(Message& message) override;
  void pongArrived(std::span<const std::byte> payload) override;
  void arrivalEnded() override;
  void transportWritable() override;
  void transportEnded(TransportEnd end) override;

  [[nodiscard]] bool isAnswer(const Message& message) const;

  void beginRound();
  void endRound();
  void doPosted();
  void doCommand(const Command& command);
  void performActions();
  void perform(core::Dial);
  void perform(core::Abort);
  void perform(const core::SendPing& action);
  void perform(core::SendQuestion);
  void perform(const core::SendClose& action);
  void perform(StateChange& event);
  void perform(Opened& event) { delivery_.deliver(Event(std::move(event))); }
  void perform(CloseInfo& event);
  void perform(HeartbeatInfo& event) { delivery_.deliver(Event(event)); }
  void sendQueued();
  void handOver();
  void limitReading();
  void setDeadline();

  ClientShared& shared_;
  const Options& options_;
  Loop& loop_;
  Mailbox& mailbox_;
  Delivery& delivery_;

  core::Connection connection_;
  std::unique_ptr<Transport> transport_;
  // One of the aborted transports may be what called us; they are freed at the next turn.
  std::vector<std::unique_ptr<Transport>> aborted_;
  // Calls of connect() that were taken and are still to be carried out.
  std::ptrdiff_t connectsAhead_ = 0;
  // Messages that were posted, and dropped by the state change that the next close event belongs to.
  std::size_t droppedPosted_ = 0;
  std::optional<core::Time> deadline_;
  bool readingPaused_ = false;
  bool destroyed_ = false;
};

}  // namespace tidewire::internal
