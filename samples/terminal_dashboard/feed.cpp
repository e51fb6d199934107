#include "feed.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "text.hpp"

namespace dashboard {

Feed::Feed(std::vector<std::string> symbols, FeedHandlers handlers)
    : symbols_(std::move(symbols)), handlers_(std::move(handlers)) {}

void Feed::opened(tidewire::Session& session) {
  for (const std::string& symbol : symbols_) {
    follow(session, symbol);
  }
  if (!symbols_.empty()) {
    return;
  }
  session.request("symbols", "", {.idempotent = true}, [this, &session](const tidewire::Reply& reply) {
    if (reply.error) {
      handlers_.onRefused("", reasonOf(*reply.error));
    } else {
      followAll(session, reply.body.text());
    }
  });
}

void Feed::followAll(tidewire::Session& session, std::string_view names) {
  const auto list = nlohmann::json::parse(names, nullptr, false);
  for (const auto& name : list) {
    if (name.is_string()) {
      follow(session, name.get<std::string>());
    }
  }
}

void Feed::follow(tidewire::Session& session, const std::string& symbol) {
  if (subscriptions_.contains(symbol)) {
    return;
  }
  const std::string shown = printable(symbol);
  tidewire::SubscriptionHandlers handlers{
      .onEvent =
          [this](const tidewire::Event& event) {
            if (auto tick = parseTick(event.body.text())) {
              handlers_.onTick(std::move(*tick), event.skipped);
            }
          },
      .onGap = [this, shown](const tidewire::Gap& gap) { handlers_.onGap(shown, gap); },
      .onEnd =
          [this, shown](const tidewire::SubscriptionEnd& end) {
            handlers_.onRefused(shown, reasonOf(end.error));
            if (++refused_ == subscriptions_.size()) {
              handlers_.onOver();
            }
          }};
  subscriptions_.emplace(symbol,
                         session.subscribe("ticker/" + symbol, {.conflate = true, .replay = 1}, std::move(handlers)));
}

}  // namespace dashboard
