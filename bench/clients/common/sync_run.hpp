#pragma once

#include "course.hpp"

namespace bench {

/// Runs `settings` with a client that blocks. It has:
///   void connect(const Settings&), void write(const std::string&), std::size_t read(), void close()
template <class Peer>
void runSync(const Settings& settings) {
  if (settings.scenario == "connect") {
    Meter meter;
    for (std::size_t i = 0; i <= settings.messages; ++i) {
      if (i == 1) {
        meter.start();
      }
      Peer peer(settings);
      peer.close();
    }
    meter.stop();
    print(settings.messages, meter);
    return;
  }
  Course course(settings);
  Peer peer(settings);
  course.opened();
  while (!course.finished()) {
    while (course.takeOne()) {
      peer.write(course.payload());
    }
    course.received(peer.read());
  }
  course.printResult();
}

}  // namespace bench
