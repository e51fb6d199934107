#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "callback_watch.hpp"
#include "client_layer.hpp"
#include "client_parts.hpp"
#include "core/connection.hpp"
#include "link.hpp"
#include "pending_endpoint.hpp"

namespace tidewire::internal {

/// The client to which a `ClientLoop` belongs, and which outlives it. Loop thread.
class ClientLoopHost : public LoopTask {
 public:
  /// Schedules one more `turn`.
  virtual void turnAgain() = 0;
  /// Posts that `onOpen` of this attempt has returned.
  virtual void openReturned(std::uint64_t attempt) = 0;
  /// All events of a round have been delivered.
  virtual void roundEnded() = 0;
  [[nodiscard]] virtual std::weak_ptr<EndpointAnswers> endpointAnswers() = 0;

 protected:
  ~ClientLoopHost() = default;
};

/// The state of a layer's present connection.
struct LayerState {
  std::string subprotocol = {};
  HandshakeTimes times = {};
  bool resumed = false;
  std::optional<core::SendClose> parting = {};
  std::optional<core::Ending> ending = {};  // Reported at the end of the arrival in which the layer failed.
};

/// A client's half on the loop thread: gives the core its inputs, performs its actions, and owns the transport.
class ClientLoop final : private TransportEvents, private LayerHost {
 public:
  /// Without `makeLayer` the client has no layer.
  ClientLoop(ClientLoopHost& host, const ClientParts& parts, const MakeLayer& makeLayer);
  ~ClientLoop();

  /// Carries out posted commands and due timers. Returns false once the client is destroyed: then destroy this object.
  [[nodiscard]] bool turn();
  void hint(core::Hint hint);

 private:
  void transportOpened(std::string_view subprotocol, const HandshakeTimes& times) override;
  void arrivalBegan() override;
  void messageArrived(Message& message) override;
  void pongArrived(std::span<const std::byte> payload) override;
  void arrivalEnded() override;
  void transportWritable() override;
  void transportEnded(TransportEnd end) override;

  void deliver(Event&& event) override { parts_.outlet.deliver(std::move(event)); }
  [[nodiscard]] bool takesMore() const override;
  void note(LogLevel level, std::string text) override;
  [[nodiscard]] const std::string& url() const override {
    return answered_ != nullptr ? answered_->url : parts_.options.url;
  }
  void layerOpened(bool resumed, core::Duration heartbeat) override;
  void layerAnswered(std::uint64_t number) override;
  void layerFailed(std::uint16_t code, std::string why) override;
  void layerMoves(std::optional<std::string> url) override;

  [[nodiscard]] bool isAnswer(const Message& message);

  void beginRound();
  void endRound();
  void doPosted();
  void enqueueFirst(Mailbox::Batch& batch);
  [[nodiscard]] static std::size_t messagesBefore(std::vector<Command>::const_iterator command,
                                                  std::vector<Command>::const_iterator end);
  void doCommand(Command& command);
  void setPaused(bool paused);

  void performActions();
  void perform(core::RequestEndpoint& action);
  void perform(core::Dial);
  void perform(core::Abort);
  void perform(const core::SendPing& action);
  void perform(const core::SendProbeText& action);
  void perform(core::Reassure);
  void perform(const core::SendClose& action);
  void perform(StateChange& event);
  void perform(Opened& event);
  void perform(Dropped& event);
  void report(DropReason reason, const DroppedCount& count);
  void perform(CloseInfo& event);
  void perform(HeartbeatInfo& event);
  void warnOfNoHeartbeat();

  void sendAll();
  void reportDrained();
  void limitReading();
  void endSlowReader();
  void readOn();
  void endAttempt(TransportEnd end);
  bool endIfLayerFailed();
  void tick();
  void setDeadline();
  void log(LogLevel level, std::string_view text) { parts_.journal.note(parts_.loop.now(), level, text); }

  ClientLoopHost& host_;
  const ClientParts parts_;

  const LayerPointer<ClientLayer> layer_;      // Or null.
  const LayerPointer<LayerState> layerState_;  // Null without a layer.
  core::Connection connection_;
  Link link_;
  CallbackWatch watch_;

  std::unique_ptr<Endpoint> answered_;  // By `Options::endpoint`; null: the options name it.
  std::unique_ptr<Endpoint> dialled_;   // Until the transport is open.
  std::optional<std::string> moveTo_;   // Overrides the URL of the next attempt.

  // Calls of connect() that were taken and not carried out yet.
  std::ptrdiff_t connectsAhead_ = 0;
  PayloadStore::Batch taken_;  // From the mailbox, in this round; not passed on yet.
  // Posted messages that a state change dropped: part of the drop that is reported next.
  DroppedCount droppedPosted_;
  Transport::Sent received_;  // In this round.
  core::Time roundBegan_{};
  std::optional<core::Time> deadline_;
  bool arriving_ = false;
  bool paused_ = false;  // By the application.
  bool destroyed_ = false;
  bool warnedOfNoHeartbeat_ = false;
};

}  // namespace tidewire::internal
