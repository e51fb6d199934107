#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "core/protocol/session_actions.hpp"
#include "layer_command.hpp"
#include "session_recipients.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire::internal {

// Commands to the layer.

struct SubscribeCommand {
  std::shared_ptr<Subscriber> subscription;
  SubscribeOptions options;
};
struct UnsubscribeCommand {
  std::shared_ptr<Subscriber> subscription;
};
struct CallCommand {
  core::protocol::Call call;
  std::shared_ptr<Caller> caller;
};
struct CancelCommand {
  std::shared_ptr<Caller> call;
};
struct AuthenticateCommand {
  std::string token;
};
class SessionCommand final : public LayerCommand {
 public:
  using Body = std::variant<SubscribeCommand, UnsubscribeCommand, CallCommand, CancelCommand, AuthenticateCommand>;
  explicit SessionCommand(Body posted) : body(std::move(posted)) {}

  Body body;
};

}  // namespace tidewire::internal
