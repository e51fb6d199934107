#pragma once

#include <memory>
#include <vector>

#include "meter.hpp"
#include "settings.hpp"

namespace bench {

/// Opens `settings.connections` connections with a client that blocks, and prints what they cost while nothing comes.
template <class Peer>
void runIdle(const Settings& settings) {
  std::vector<std::unique_ptr<Peer>> peers;
  peers.reserve(settings.connections);
  // The first one takes what a process needs once.
  const auto first = std::make_unique<Peer>(settings);
  const std::size_t before = residentBytes();
  Meter meter;
  meter.start();
  for (std::size_t i = 0; i < settings.connections; ++i) {
    peers.push_back(std::make_unique<Peer>(settings));
  }
  meter.stop();
  const double bytes = static_cast<double>(residentBytes() - before);
  print(
      settings.connections, meter,
      {{"bytes", bytes / static_cast<double>(settings.connections)}, {"threads", static_cast<double>(threadCount())}});
}

}  // namespace bench
