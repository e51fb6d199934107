#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tick.hpp"
#include "tidewire/session.hpp"

namespace dashboard {

/// What a feed tells. Called where the session's callbacks run.
struct FeedHandlers {
  std::function<void(Tick tick, std::uint64_t skipped)> onTick;
  std::function<void(const std::string& symbol, const tidewire::Gap& gap)> onGap;
  /// There are no prices of `symbol`, or, if that is empty, the server does not tell its symbols.
  std::function<void(const std::string& symbol, const std::string& why)> onRefused;
  /// Every symbol was refused.
  std::function<void()> onOver;
};

/// Follows the prices of a server's symbols. Let it live longer than its session.
class Feed {
 public:
  /// `symbols`: which; without any, all that the server names.
  Feed(std::vector<std::string> symbols, FeedHandlers handlers);

  /// To be told of each connection: another server may know other symbols.
  void opened(tidewire::Session& session);

  [[nodiscard]] const std::map<std::string, tidewire::Subscription>& subscriptions() const { return subscriptions_; }

 private:
  void follow(tidewire::Session& session, const std::string& symbol);
  void followAll(tidewire::Session& session, std::string_view names);

  const std::vector<std::string> symbols_;
  const FeedHandlers handlers_;
  std::map<std::string, tidewire::Subscription> subscriptions_;
  std::size_t refused_ = 0;
};

}  // namespace dashboard
