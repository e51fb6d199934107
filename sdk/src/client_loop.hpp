#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client_layer.hpp"
#include "core/connection.hpp"
#include "delivery.hpp"
#include "endpoint_question.hpp"
#include "journal.hpp"
#include "mailbox.hpp"
#include "platform/loop.hpp"
#include "tidewire/stats.hpp"

namespace tidewire::internal {

/// What a `ClientLoop` has of the client it belongs to, which outlives it. Loop thread.
class ClientLoopHost : public LoopTask {
 public:
  /// Has `turn` called once more, soon.
  virtual void turnAgain() = 0;
  /// Posts that `onOpen` of this attempt has returned.
  virtual void openReturned(std::uint64_t attempt) = 0;
  /// Has the executor run the next callback.
  virtual void scheduleRun() = 0;
  [[nodiscard]] virtual std::weak_ptr<EndpointAnswers> endpointAnswers() = 0;

 protected:
  ~ClientLoopHost() = default;
};

/// The client's parts with which a `ClientLoop` works; they outlive it.
struct ClientParts {
  const Options& options;
  const Endpoint& configured;
  Loop& loop;
  Mailbox& mailbox;
  Delivery& delivery;
  Journal& journal;
};

/// A client's half on the loop thread: gives the core its inputs, performs its actions, and owns the transport.
class ClientLoop final : private TransportEvents, private LayerHost {
 public:
  /// Without `makeLayer` the client has no layer.
  ClientLoop(ClientLoopHost& host, const ClientParts& parts, const MakeLayer& makeLayer);
  ~ClientLoop();

  /// Does what was posted and what is due. Returns false when the client is gone: then this object has to go too.
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

  void deliver(Event event) override { delivery_.deliver(std::move(event)); }
  [[nodiscard]] bool takesMore() const override;
  void note(LogLevel level, std::string text) override;
  [[nodiscard]] const std::string& url() const override { return endpoint_.url; }
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
  void perform(core::AskEndpoint& action);
  void perform(core::Dial);
  void perform(core::Abort);
  void perform(const core::SendPing& action);
  void perform(const core::SendQuestion& action);
  void perform(core::Reassure);
  void perform(const core::SendClose& action);
  void perform(StateChange& event);
  void perform(Opened& event);
  void perform(Dropped& event);
  void perform(CloseInfo& event);
  void perform(HeartbeatInfo& event);
  void warnOfNoHeartbeat();
  bool deliverCounted(Event event);

  void sendQueued();
  void sendLayer();
  void handOver();
  void sendPosted(PayloadStore::Batch& batch);
  void noteSent(const Transport::Sent& sent);
  void reportDrained();
  void limitReading();
  void pauseReading(bool pause);
  void endSlowReader();
  void readOn();
  void endAttempt(TransportEnd end);
  void tick();
  /// Nothing goes to one that has ended, though what came before is still read.
  [[nodiscard]] bool hasLiveTransport() const noexcept { return transport_ != nullptr && !endBehind_; }
  void watchCallbacks();
  void tellSlow(core::Time now);
  void tellUnpolled(core::Time now);
  void setDeadline();
  [[nodiscard]] Mailbox::Behind behind() const;

  ClientLoopHost& host_;
  const Options& options_;
  const Endpoint& configured_;
  Loop& loop_;
  Mailbox& mailbox_;
  Delivery& delivery_;
  Journal& journal_;

  const std::unique_ptr<ClientLayer> layer_;  // Or nothing.
  core::Connection connection_;
  Endpoint endpoint_;
  Endpoint dialled_;
  std::unique_ptr<Transport> transport_;
  // One of the aborted transports may be what called us; they are freed at the next turn.
  std::vector<std::unique_ptr<Transport>> aborted_;
  std::string awaited_;  // By the transport that was aborted last.
  // What the layer knows of this connection, or wants of its end.
  struct LayerState {
    std::string subprotocol = {};
    HandshakeTimes times = {};
    bool resumed = false;
    std::optional<core::SendClose> parting = {};
    std::optional<core::Ending> ending = {};  // For the end of the arrival in which it failed.
  };
  LayerState layerState_;
  std::optional<std::string> moveTo_;  // Instead of the next URL.
  bool arriving_ = false;
  std::optional<TransportEnd> endBehind_;  // For when the layer has read what came before it.
  // Calls of connect() that were taken and are still to be carried out.
  std::ptrdiff_t connectsAhead_ = 0;
  // Messages that were posted, and dropped by the state change that the next event of a drop belongs to.
  DroppedCount droppedPosted_;
  Stats stats_;
  CloseCause lastCause_{};    // Of the attempt before this one.
  Transport::Sent received_;  // In this round.
  core::Time roundBegan_{};
  std::optional<core::Time> deadline_;
  bool paused_ = false;  // By the application.
  bool readingPaused_ = false;
  bool destroyed_ = false;
  bool noHeartbeatTold_ = false;

  // Since when events wait while nobody polls, and whether that was told.
  std::optional<core::Time> unpolledSince_;
  std::uint64_t polls_ = 0;
  bool unpolledTold_ = false;
};

}  // namespace tidewire::internal
