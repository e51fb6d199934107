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
#include "session_parts.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire::internal {

/// What a `Session` is made of.
class SessionShared final {
 public:
  SessionShared(Options options, SessionOptions session, std::shared_ptr<Loop> loop);

  [[nodiscard]] ConnectResult connect();
  [[nodiscard]] core::OptionsFault fault() const;
  [[nodiscard]] ClientShared& client() const noexcept { return *client_; }
  [[nodiscard]] std::shared_ptr<SubscriptionShared> subscribe(std::string_view channel, SubscribeOptions options,
                                                              SubscriptionHandlers handlers);
  [[nodiscard]] CallResult publish(std::string_view channel, MessageKind kind, std::span<const std::byte> body,
                                   const PublishOptions& options, Callback<const Ack&> done);
  [[nodiscard]] std::pair<CallResult, std::shared_ptr<CallShared>> request(std::string_view method, MessageKind kind,
                                                                           std::span<const std::byte> body,
                                                                           const RequestOptions& options,
                                                                           Callback<const Reply&> done);
  [[nodiscard]] CallResult authenticate(std::string token);
  [[nodiscard]] std::optional<std::chrono::milliseconds> serverTime() const {
    return state_->serverTime(client_->now());
  }

 private:
  [[nodiscard]] CallResult call(core::protocol::Call call, const std::shared_ptr<CallShared>& shared);

  // Found in the options as they were given: the client's own hold what a session sets.
  const core::OptionsFault fault_;
  const std::shared_ptr<SessionState> state_;
  std::shared_ptr<ClientShared> client_;
};

}  // namespace tidewire::internal
