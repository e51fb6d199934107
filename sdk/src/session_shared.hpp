#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "client_shared.hpp"
#include "session_front.hpp"
#include "session_handles.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire::internal {

/// The parts of a `Session`: a client with a layer, and the calls to that layer.
class SessionShared final : public std::enable_shared_from_this<SessionShared> {
 public:
  SessionShared(Options options, SessionOptions session, std::shared_ptr<Loop> loop)
      : SessionShared(SessionSetup(std::move(options), std::move(session), loop), loop) {}

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
  SessionShared(SessionSetup setup, const std::shared_ptr<Loop>& loop)
      : client_(std::make_shared<ClientShared>(std::move(setup.client), loop, std::move(setup.makeLayer))),
        front_(*client_, setup) {}

  const std::shared_ptr<ClientShared> client_;
  SessionFront front_;
};

}  // namespace tidewire::internal
