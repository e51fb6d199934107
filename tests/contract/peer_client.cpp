#include "peer_client.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

namespace contract {

using namespace std::chrono_literals;

tidewire::Options optionsForPeer(std::string_view play) {
  tidewire::Options options = optionsFor({});
  options.url = world().peerUrl(play);
  options.reconnect = {.firstDelay = 24h, .maxDelay = 24h};
  return options;
}

Log playedOut(tidewire::Options options) {
  TestClient test(std::move(options));
  CHECK(test.client().send("go") == tidewire::SendResult::Queued);
  test.client().connect();
  test.awaitCloses(1);
  test.client().close();
  test.awaitState(tidewire::State::Closed);
  Log log = test.log();
  CHECK(log.closes.size() == 1);
  const auto afterClose = std::find(log.order.begin(), log.order.end(), "close");
  CHECK(std::none_of(afterClose, log.order.end(),
                     [](const std::string& event) { return event == "open" || event == "message"; }));
  return log;
}

Log playedOut(std::string_view play) {
  return playedOut(optionsForPeer(play));
}

}  // namespace contract
