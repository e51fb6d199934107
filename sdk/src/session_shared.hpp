#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "client_shared.hpp"
#include "session_front.hpp"
#include "session_recipients.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire::internal {

class SessionShared;

/// One subscription of a `Session`, shared by its handle and the layer.
class SubscriptionShared final : public Subscriber {
 public:
  SubscriptionShared(std::weak_ptr<SessionShared> session, std::string channel, const SubscribeOptions& options,
                     SubscriptionHandlers handlers)
      : Subscriber(std::move(channel), options.conflate),
        session_(std::move(session)),
        handlers_(std::move(handlers)) {}

  void unsubscribe();
  [[nodiscard]] std::optional<std::chrono::milliseconds> age() const;
  [[nodiscard]] bool absorb(const SessionEvent& event) override;

 private:
  void onEvent(const tidewire::Event& event) override;
  void onGap(const Gap& gap) override;
  void onSubscribed(const SubscribedInfo& info) override;
  void onEnd(const SubscriptionEnd& end) override;

  const std::weak_ptr<SessionShared> session_;
  const SubscriptionHandlers handlers_;
};

/// One publish or request of a `Session`, shared by its caller and the layer.
class CallShared final : public Caller {
 public:
  CallShared(std::weak_ptr<SessionShared> session, Callback<const Ack&> acked, Callback<const Reply&> replied)
      : session_(std::move(session)), acked_(std::move(acked)), replied_(std::move(replied)) {}

  void cancel();

 private:
  void onAck(const Ack& ack) override { acked_(ack); }
  void onReply(const Reply& reply) override { replied_(reply); }

  const std::weak_ptr<SessionShared> session_;
  const Callback<const Ack&> acked_;
  const Callback<const Reply&> replied_;
};

/// The parts of a `Session`: a client with a layer, and the calls to that layer.
class SessionShared final : public std::enable_shared_from_this<SessionShared> {
 public:
  SessionShared(Options options, SessionOptions session, std::shared_ptr<Loop> loop)
      : SessionShared(core::findSessionFault(options, session), std::move(options), std::move(session), loop) {}

  [[nodiscard]] ConnectResult connect();
  [[nodiscard]] core::OptionsFault fault() const { return fault_ ? fault_ : client_->fault(); }
  [[nodiscard]] ClientShared& client() const noexcept { return *client_; }
  [[nodiscard]] SessionFront& front() noexcept { return front_; }

  [[nodiscard]] std::shared_ptr<SubscriptionShared> subscribe(std::string_view channel, SubscribeOptions options,
                                                              SubscriptionHandlers handlers);
  [[nodiscard]] CallResult publish(std::string_view channel, MessageKind kind, std::span<const std::byte> body,
                                   const PublishOptions& options, Callback<const Ack&> done);
  [[nodiscard]] std::pair<CallResult, std::shared_ptr<CallShared>> request(std::string_view method, MessageKind kind,
                                                                           std::span<const std::byte> body,
                                                                           const RequestOptions& options,
                                                                           Callback<const Reply&> done);

 private:
  // References, because the order in which arguments are made is open: the fault is found before anything is moved.
  SessionShared(core::OptionsFault fault, Options&& options, SessionOptions&& session,
                const std::shared_ptr<Loop>& loop)
      : SessionShared(std::move(fault), SessionSetup(std::move(options), std::move(session), loop), loop) {}
  SessionShared(core::OptionsFault fault, SessionSetup setup, const std::shared_ptr<Loop>& loop)
      : fault_(std::move(fault)),
        client_(std::make_shared<ClientShared>(std::move(setup.client), loop, std::move(setup.makeLayer))),
        front_(*client_, setup) {}

  const core::OptionsFault fault_;  // Of the options as they were given.
  const std::shared_ptr<ClientShared> client_;
  SessionFront front_;
};

}  // namespace tidewire::internal
