#include "network.hpp"

#include <chrono>
#include <cstring>
#include <utility>

namespace tidewire::simulation {

using namespace std::chrono_literals;

core::Duration Network::soon() {
  if (healed_) {
    return dice_.between(0ms, 20ms);
  }
  return dice_.between(0ms, dice_.oneOf<core::Duration>({1ms, 100ms, 3s}));
}

void Network::dial(core::Time now) {
  wire_.emplace();
  wire_->number = ++dialed_;
  wire_->capacity = dice_.oneOf<std::size_t>({1, 3, 30});
  if (healed_) {
    agenda_.add({.kind = Event::Kind::Opens, .at = now + dice_.between(0ms, connectTime()), .subject = dialed_});
  } else if (!dice_.chance(plan_.refuses)) {
    agenda_.add({.kind = Event::Kind::Opens, .at = now + soon(), .subject = dialed_});
  } else if (!dice_.chance(20)) {
    agenda_.add({.kind = Event::Kind::Ends, .at = now + soon(), .subject = dialed_, .ending = refusal()});
  }  // Else nobody ever answers.
}

core::Ending Network::refusal() {
  if (dice_.chance(35)) {
    return {.cause = CloseCause::ConnectFailed};
  }
  if (dice_.chance(4)) {
    return {.cause = dice_.chance(50) ? CloseCause::UntrustedCertificate : CloseCause::Unavailable};
  }
  if (dice_.chance(10)) {
    return {.cause = CloseCause::ProtocolError, .code = 1002};
  }
  if (plan_.isPage && dice_.chance(4)) {
    return {.cause = CloseCause::ConnectFailed, .fate = core::Fate::Forbidden};
  }
  core::Ending ending{.cause = CloseCause::HandshakeRefused,
                      .httpStatus = dice_.oneOf({101, 200, 302, 400, 401, 403, 404, 404, 404, 404,
                                                 408, 410, 425, 426, 429, 429, 500, 502, 503, 503})};
  if ((ending.httpStatus == 429 || ending.httpStatus == 503) && dice_.chance(70)) {
    ending.retryAfter = dice_.oneOf<core::Duration>({0s, 1s, 10s, 1h});
  }
  return ending;
}

void Network::accept(core::Time now, Wire::Cargo cargo) {
  if (wire_->ahead.empty()) {
    agenda_.add({.kind = Event::Kind::Takes, .at = now + soon(), .subject = wire_->number});
  }
  wire_->ahead.push_back(cargo);
}

void Network::acceptProbe(core::Time now, std::string text) {
  accept(now, Wire::Cargo::Probe);
  wire_->probes.push_back(std::move(text));
}

void Network::acceptClose(core::Time now, std::uint16_t code) {
  accept(now, Wire::Cargo::Close);
  wire_->closeSent = true;
  wire_->closeCode = code;
}

void Network::ping(core::Time now, const std::array<std::byte, 8>& payload) {
  Event pong{.kind = Event::Kind::AnswersPing, .at = now, .subject = wire_->number};
  std::memcpy(&pong.payload, payload.data(), payload.size());
  answer(now, std::move(pong));
}

void Network::answer(core::Time now, Event event) {
  if (!wire_->deaf && (healed_ || dice_.chance(92))) {
    event.at = now + soon();
    agenda_.add(std::move(event));
  }
}

void Network::takeAhead(core::Time now) {
  const std::size_t most = healed_ ? wire_->ahead.size() : 1 + dice_.below(wire_->capacity);
  for (std::size_t count = most; count > 0 && !wire_->ahead.empty(); --count) {
    const Wire::Cargo cargo = wire_->ahead.front();
    wire_->ahead.pop_front();
    std::string probe;
    if (cargo == Wire::Cargo::Probe) {
      probe = std::move(wire_->probes.front());
      wire_->probes.pop_front();
    }
    if (wire_->deaf) {
      continue;
    }
    switch (cargo) {
      case Wire::Cargo::Message:
        ++wire_->received;
        break;
      case Wire::Cargo::Probe:
        probe.replace(0, 4, "pong");
        for (unsigned times = plan_.numbersProbes() && dice_.chance(10) ? 2 : 1; times > 0; --times) {
          answer(now, {.kind = Event::Kind::AnswersText, .at = now, .subject = wire_->number, .text = probe});
        }
        break;
      case Wire::Cargo::Close:
        answer(now, {.kind = Event::Kind::Ends,
                     .at = now,
                     .subject = wire_->number,
                     .ending = {.cause = CloseCause::ClosedByPeer, .code = wire_->closeCode}});
        break;
    }
  }
  if (!wire_->ahead.empty()) {
    agenda_.add({.kind = Event::Kind::Takes, .at = now + soon(), .subject = wire_->number});
  }
}

void Network::setReading(core::Time now, bool reading) {
  wire_->reading = reading;
  if (reading) {
    for (Event& event : std::exchange(wire_->unread, {})) {
      event.at = now;
      agenda_.add(std::move(event));
    }
  }
}

void Network::misbehave(core::Time now) {
  if (dice_.chance(25)) {
    wire_->deaf = true;
  } else {
    agenda_.add({.kind = Event::Kind::Ends, .at = now, .subject = wire_->number, .ending = loss()});
  }
}

core::Ending Network::loss() {
  if (dice_.chance(50)) {
    return {.cause = CloseCause::ConnectionLost};
  }
  if (dice_.chance(80)) {
    // Never a code that `close()` is called with here: that would be an answer to it.
    return {.cause = CloseCause::ClosedByPeer,
            .code = dice_.oneOf<std::uint16_t>({1001, 1005, 1008, 1009, 1011, 1012, 4000})};
  }
  if (plan_.isPage && dice_.chance(50)) {
    return {.cause = CloseCause::SlowConsumer};
  }
  return dice_.chance(30) ? core::Ending{.cause = CloseCause::MessageTooBig, .code = 1009}
                          : core::Ending{.cause = CloseCause::ProtocolError, .code = 1002};
}

void Network::speak(core::Time now) {
  if (wire_ && wire_->open && !wire_->deaf) {
    // Somebody may well write what an answer looks like; only a number tells it from one.
    const bool looksLikeAnswer = plan_.numbersProbes() && dice_.chance(50);
    std::string text = looksLikeAnswer ? dice_.oneOf<std::string>({"pong", "pong 1", "pong {n}", "pong 01"}) : "";
    agenda_.add({.kind = looksLikeAnswer ? Event::Kind::AnswersText : Event::Kind::Speaks,
                 .at = now,
                 .subject = wire_->number,
                 .text = std::move(text)});
  }
}

}  // namespace tidewire::simulation
