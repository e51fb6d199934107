#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "client_front.hpp"
#include "session_recipients.hpp"
#include "session_state.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire::internal {

/// The parts of a client that make it a session's.
struct SessionSetup {
  SessionSetup(Options options, SessionOptions session, const std::shared_ptr<Loop>& loop);

  std::shared_ptr<SessionState> state;
  Options client;  ///< The options of the client.
  MakeLayer makeLayer;
};

/// The calls of one session: checks them, takes room in the outbox, and posts them to the layer. Any thread.
class SessionFront {
 public:
  /// `client` outlives this object.
  SessionFront(ClientFront& client, const SessionSetup& setup) : client_(client), state_(setup.state) {}

  void subscribe(std::shared_ptr<Subscriber> subscriber, SubscribeOptions options);
  void unsubscribe(std::shared_ptr<Subscriber> subscriber);
  /// `caller`: receives the outcome, or null.
  [[nodiscard]] CallResult publish(std::string_view channel, MessageKind kind, std::span<const std::byte> body,
                                   const PublishOptions& options, std::shared_ptr<Caller> caller);
  /// `caller`: receives the reply, or null.
  [[nodiscard]] CallResult request(std::string_view method, MessageKind kind, std::span<const std::byte> body,
                                   const RequestOptions& options, std::shared_ptr<Caller> caller);
  void cancel(std::shared_ptr<Caller> caller);
  [[nodiscard]] CallResult authenticate(std::string token);
  [[nodiscard]] std::optional<std::chrono::milliseconds> serverTime() const {
    return state_->serverTime(client_.now());
  }
  /// The age of the newest event of `subscriber`, by the server's clock.
  [[nodiscard]] std::optional<std::chrono::milliseconds> ageOf(const Subscriber& subscriber) const;

 private:
  [[nodiscard]] CallResult call(core::protocol::Call call, std::shared_ptr<Caller> caller);

  ClientFront& client_;
  const std::shared_ptr<SessionState> state_;
};

}  // namespace tidewire::internal
