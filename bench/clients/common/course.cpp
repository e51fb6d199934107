#include "course.hpp"

#include <algorithm>

namespace bench {

Course::Course(const Settings& settings)
    : settings_(settings),
      receives_(settings.scenario == "receive"),
      batches_(settings.scenario == "batches"),
      sends_(settings.scenario == "send"),
      trips_(settings.scenario == "ping-pong"),
      payload_(settings.bytes, 'x'),
      left_(settings.messages) {
  if (!receives_ && !batches_ && !sends_ && !trips_ && settings.scenario != "echo") {
    refuse("there is no scenario " + settings.scenario);
  }
  if (trips_) {
    roundTrips_.reserve(settings.messages);
  }
}

void Course::opened() {
  if (!receives_) {
    meter_.start();
  }
  if (receives_ || batches_) {
    credit_ = 0;
  } else if (sends_) {
    credit_ = settings_.messages;
  } else {
    credit_ = std::min(trips_ ? 1 : settings_.window, settings_.messages);
  }
  unsent_ = settings_.messages - credit_;
}

void Course::received(std::size_t bytes) {
  if (sends_ || batches_) {
    if (batches_ && unsent_ > 0) {
      const std::size_t more = std::min(settings_.batch, unsent_);
      unsent_ -= more;
      credit_ += more;
    } else if (bytes == 4) {  // "done"
      meter_.stop();
      finished_ = true;
    }
    return;
  }
  if (bytes != settings_.bytes) {
    fail("a message has a wrong size");
  }
  if (trips_) {
    roundTrips_.answered();
  }
  if (receives_) {
    if (left_ == settings_.messages) {
      meter_.start();
    }
  } else if (unsent_ > 0) {
    --unsent_;
    ++credit_;
  }
  countDown();
}

void Course::countDown() {
  if (--left_ == 0) {
    meter_.stop();
    finished_ = true;
  }
}

void Course::printResult() {
  std::map<std::string, double> values;
  roundTrips_.addTo(values);
  // Of a flood the first message only starts the clock.
  print(settings_.messages - (receives_ ? 1 : 0), meter_, std::move(values));
}

}  // namespace bench
