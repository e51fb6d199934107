#include "interactive.hpp"

#include <csignal>
#include <utility>

#include "exit_code.hpp"
#include "tidewire/client.hpp"

namespace dashboard {

namespace {

using namespace std::chrono_literals;

constexpr auto kFrame = 33ms;
constexpr auto kCallbackShare = 10ms;

volatile std::sig_atomic_t pendingSignal = 0;

// ncurses would leave the program from inside its own handler; this lets the terminal be restored and the client end.
void endOnSignals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    std::signal(number, [](int received) { pendingSignal = received; });
  }
}

void connectModel(tidewire::Client& client, Model& model) {
  const auto now = std::chrono::steady_clock::now;
  client.onStateChange([&model](const tidewire::StateChange& change) { model.stateChanged(change.to); });
  client.onOpen([&model, now](const tidewire::Opened& opened) { model.opened(opened, now()); });
  client.onClose([&model, now](const tidewire::CloseInfo& info) { model.closed(info, now()); });
  client.onHeartbeat([&model](const tidewire::HeartbeatInfo& info) { model.heartbeat(info); });
  client.onMessage([&model](const tidewire::Message& message) {
    if (auto tick = parseTick(message.text())) {
      model.ticked(std::move(*tick));
    }
  });
}

void connectAgain(tidewire::Client& client) {
  if (client.reconnect() == tidewire::ReconnectResult::Closed) {
    client.connect();
  }
}

}  // namespace

int runInteractive(Screen& screen, tidewire::Options options) {
  const std::string url = options.url;
  options.callbacks = tidewire::Callbacks::Poll;
  Model model(std::chrono::steady_clock::now());
  tidewire::Client client(std::move(options));
  connectModel(client, model);
  if (client.connect() != tidewire::ConnectResult::Started) {
    return kUnusableUrl;
  }
  endOnSignals();
  while (pendingSignal == 0) {
    client.poll({.time = kCallbackShare});
    const Time now = std::chrono::steady_clock::now();
    model.measure(now);
    screen.draw(model, url, now);
    switch (screen.waitForKey(kFrame)) {
      case 'q':
        return kDone;
      case 'r':
        connectAgain(client);
        break;
      default:
        break;
    }
  }
  return kSignalled + pendingSignal;
}

}  // namespace dashboard
