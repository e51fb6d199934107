#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client_layer.hpp"
#include "core/id_table.hpp"
#include "core/protocol/session_core.hpp"
#include "core/ring_queue.hpp"
#include "platform/server_messages.hpp"
#include "session_commands.hpp"
#include "session_state.hpp"

namespace tidewire::internal {

/// A session's half on the loop thread: feeds `SessionCore`, performs its actions, and delivers its news. Heads, pongs
/// and acknowledgements are handled here, whatever thread runs callbacks.
class SessionLayer final : public ClientLayer {
 public:
  struct Settings {
    std::size_t maxMessageBytes = 0;
    std::chrono::milliseconds batchDelay{0};
    std::vector<std::string> allowedHosts = {};
    std::function<std::optional<std::uint64_t>()> random;  ///< 64 bits that cannot be foreseen, if there are any.
  };

  SessionLayer(LayerHost& host, std::shared_ptr<SessionState> state, const Settings& settings);

  void doPosted(core::Time now, LayerCommand& post, bool down) override;
  void transportOpened(core::Time now) override;
  void messageArrived(core::Time now, Message& message) override;
  [[nodiscard]] bool holdsArrived() const override { return !arrived_.empty(); }
  [[nodiscard]] std::size_t bytesBehind() const override { return bytesBehind_; }
  void goOn(core::Time now) override;
  void judge(core::Ending& ending) override;
  void attemptEnded(core::Time now, bool forGood) override;
  void probe(core::Time now, std::uint64_t number) override;
  void reassure() override;
  void tick(core::Time now) override;
  [[nodiscard]] std::optional<core::Time> deadline() const override { return core_.deadline(); }
  [[nodiscard]] bool hasToSend() const override { return core_.hasToSend(); }
  Transport::Sent send(core::Time now, Transport& transport) override;
  [[nodiscard]] bool mayClose() const override { return core_.isSettled(); }

 private:
  struct CallEntry {
    std::shared_ptr<Caller> caller = {};
    std::size_t bytes = 0;
  };

  void carryOut(core::Time now, SubscribeCommand& post, bool down);
  void carryOut(core::Time now, UnsubscribeCommand& post, bool down);
  void carryOut(core::Time now, CallCommand& post, bool down);
  void carryOut(core::Time now, CancelCommand& post, bool down);
  void carryOut(core::Time now, AuthenticateCommand& post, bool down);

  [[nodiscard]] bool read(core::Time now, ServerMessages& messages);
  [[nodiscard]] bool drawKey();
  void performActions();
  void perform(const core::protocol::Welcomed& action);
  void perform(const core::protocol::PongArrived& action);
  void perform(core::protocol::PeerFailed& action);
  void perform(core::protocol::LeaveNow& action);
  void perform(const core::protocol::EventArrived&) {}  // `deliver` has it, where it lies.
  void perform(const core::protocol::GapFound& action);
  void perform(const core::protocol::SubscriptionAnswered& action);
  void perform(const core::protocol::SubscriptionEnded& action);
  void perform(const core::protocol::SubscriptionInterrupted& action);
  void perform(core::protocol::PublishEnded& action);
  void perform(core::protocol::RequestEnded& action);
  void perform(core::protocol::ErrorArrived& action);

  [[nodiscard]] std::shared_ptr<Caller> takeCall(core::protocol::CallId id);
  void deliver(const core::protocol::EventArrived& action);
  void deliver(core::protocol::SubscriberId id, News news);
  [[nodiscard]] bool isTrusted(const std::string& url) const;

  LayerHost& host_;
  const std::shared_ptr<SessionState> state_;
  const std::vector<std::string> allowedHosts_;
  std::optional<std::string> token_;
  // Of subscriptions and calls: the core requires call order, which is the order in which posts are carried out.
  std::uint64_t lastId_ = 0;
  const std::function<std::optional<std::uint64_t>()> random_;
  bool hasKey_ = false;
  core::protocol::SessionCore core_;
  struct Arrived {
    ServerMessages messages;
    std::size_t bytes;
  };
  // Messages that wait for room in the delivery queue. The first is read in part; `bytesBehind_` counts the others.
  core::RingQueue<Arrived> arrived_;
  std::size_t bytesBehind_ = 0;
  core::IdTable<std::shared_ptr<Subscriber>> subscriptions_;
  core::IdTable<CallEntry> calls_;
};

}  // namespace tidewire::internal
