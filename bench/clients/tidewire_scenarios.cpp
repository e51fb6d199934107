#include "tidewire_scenarios.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <tidewire/tidewire.hpp>
#include <vector>

#include "common/meter.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;

tidewire::Options optionsOf(const Settings& settings) {
  tidewire::Options options{.url = settings.url};
  options.tls.caFile = settings.ca;
  return options;
}

/// Each round is a client of its own: opened, closed with a closing handshake, destroyed.
void connectAndClose(const Settings& settings) {
  Meter meter;
  for (std::size_t i = 0; i <= settings.messages; ++i) {
    if (i == 1) {
      meter.start();  // The first one starts Tidewire's thread.
    }
    tidewire::Client client(optionsOf(settings));
    client.connect();
    if (client.waitOpen(10s) != tidewire::WaitResult::Reached) {
      fail("not opened");
    }
    client.close();
    client.waitClosed(10s);
  }
  meter.stop();
  print(settings.messages, meter);
}

}  // namespace

bool runTidewireScenario(const Settings& settings) {
  if (settings.scenario == "connect") {
    connectAndClose(settings);
    return true;
  }
  return false;
}

}  // namespace bench
