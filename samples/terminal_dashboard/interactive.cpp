#include "interactive.hpp"

#include <csignal>
#include <utility>

#include "exit_code.hpp"
#include "feed.hpp"
#include "text.hpp"
#include "tidewire/session.hpp"

namespace dashboard {

namespace {

using namespace std::chrono_literals;

constexpr auto kFrame = 33ms;
constexpr auto kCallbackShare = 10ms;

volatile std::sig_atomic_t pendingSignal = 0;

// ncurses would leave the program from inside its own handler; this lets the terminal be restored and the session end.
void endOnSignals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    std::signal(number, [](int received) { pendingSignal = received; });
  }
}

FeedHandlers handlersFor(Model& model) {
  return {.onTick =
              [&model](Tick tick, std::uint64_t skipped) {
                model.ticked(std::move(tick), skipped, std::chrono::steady_clock::now());
              },
          .onGap = [&model](const std::string& symbol, const tidewire::Gap&) { model.missed(symbol); },
          .onRefused = [&model](const std::string& symbol, const std::string& why) { model.refused(symbol, why); },
          .onOver = [] {}};
}

void connectModel(tidewire::Session& session, Model& model, Feed& feed) {
  const auto now = std::chrono::steady_clock::now;
  session.onStateChange([&model](const tidewire::StateChange& change) { model.stateChanged(change.to); });
  session.onOpen([&session, &model, &feed, now](const tidewire::Opened& opened) {
    model.opened(opened, now());
    feed.opened(session);
  });
  session.onClose([&model, now](const tidewire::CloseInfo& info) { model.closed(info, now()); });
  session.onHeartbeat([&model](const tidewire::HeartbeatInfo& info) { model.heartbeat(info); });
  session.onError([&model](const tidewire::SessionError& error) { model.refused("", reasonOf(error)); });
}

void connectAgain(tidewire::Session& session) {
  if (session.reconnect() == tidewire::ReconnectResult::Closed) {
    session.connect();
  }
}

void age(Model& model, const Feed& feed, Time now) {
  for (const auto& [symbol, subscription] : feed.subscriptions()) {
    model.aged(printable(symbol), subscription.isLive(), subscription.age(), now);
  }
}

}  // namespace

int runInteractive(Screen& screen, tidewire::Options options, std::vector<std::string> symbols) {
  const std::string url = options.url;
  options.callbacks = tidewire::Callbacks::Poll;
  Model model(std::chrono::steady_clock::now());
  Feed feed(std::move(symbols), handlersFor(model));
  tidewire::Session session(std::move(options));
  connectModel(session, model, feed);
  if (session.connect() != tidewire::ConnectResult::Started) {
    return kUnusableUrl;
  }
  endOnSignals();
  while (pendingSignal == 0) {
    session.poll({.time = kCallbackShare});
    const Time now = std::chrono::steady_clock::now();
    model.measure(now);
    age(model, feed, now);
    screen.draw(model, url, now);
    switch (screen.waitForKey(kFrame)) {
      case 'q':
        return kDone;
      case 'r':
        connectAgain(session);
        break;
      default:
        break;
    }
  }
  return kSignalled + pendingSignal;
}

}  // namespace dashboard
