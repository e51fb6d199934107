#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ending.hpp"
#include "core/time.hpp"
#include "dice.hpp"

namespace tidewire::simulation {

/// Something that the world does to the client at a time.
struct Event {
  enum class Kind : std::uint8_t {
    Opens,
    Ends,
    Speaks,
    Takes,  ///< The system takes what the transport has accepted.
    AnswersPing,
    AnswersText,
    EndpointAnswers,
    EndpointFails,
    Polls,
  };

  Kind kind;
  core::Time at;
  std::uint64_t subject = 0;  ///< The number of the wire, or of the attempt.
  std::uint64_t payload = 0;  ///< Of a Pong.
  core::Ending ending = {};
  std::string text = {};  ///< That may be an answer.
};

/// What is to come. What is due at the same moment comes in any order.
class Agenda {
 public:
  void add(Event event) { events_.push_back(std::move(event)); }

  [[nodiscard]] std::optional<core::Time> next() const {
    std::optional<core::Time> first;
    for (const Event& event : events_) {
      first = first ? std::min(*first, event.at) : event.at;
    }
    return first;
  }

  /// Takes one of those that are due, if any is.
  [[nodiscard]] std::optional<Event> take(core::Time now, Dice& dice) {
    std::size_t due = 0;
    for (const Event& event : events_) {
      due += event.at <= now ? 1 : 0;
    }
    if (due == 0) {
      return std::nullopt;
    }
    std::size_t chosen = dice.below(due);
    for (auto event = events_.begin();; ++event) {
      if (event->at <= now && chosen-- == 0) {
        std::optional<Event> taken(std::move(*event));
        events_.erase(event);
        return taken;
      }
    }
  }

 private:
  std::vector<Event> events_;
};

}  // namespace tidewire::simulation
