#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "core/protocol/session_actions.hpp"
#include "layer_post.hpp"
#include "session_recipients.hpp"
#include "tidewire/session_options.hpp"

namespace tidewire::internal {

// Commands to the layer.

struct SubscribePost {
  std::shared_ptr<Subscriber> subscription;
  SubscribeOptions options;
};
struct UnsubscribePost {
  std::shared_ptr<Subscriber> subscription;
};
struct CallPost {
  core::protocol::Call call;
  std::shared_ptr<Caller> caller;
};
struct CancelPost {
  std::shared_ptr<Caller> call;
};
struct AuthenticatePost {
  std::string token;
};
class SessionPost final : public LayerPost {
 public:
  using What = std::variant<SubscribePost, UnsubscribePost, CallPost, CancelPost, AuthenticatePost>;
  explicit SessionPost(What posted) : what(std::move(posted)) {}

  What what;
};

}  // namespace tidewire::internal
