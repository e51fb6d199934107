#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "agenda.hpp"
#include "dice.hpp"
#include "plan.hpp"

namespace tidewire::simulation {

/// One connection as its transport and its peer see it.
struct Wire {
  enum class Cargo : std::uint8_t { Message, Probe, Close };

  std::uint64_t number = 0;
  bool open = false;
  bool ended = false;
  bool deaf = false;  ///< A black hole: nothing that is sent arrives, and nothing comes back.
  bool reading = true;
  bool closeSent = false;
  std::uint16_t closeCode = 0;
  std::size_t capacity = 0;
  std::deque<Cargo> ahead;         ///< Accepted, and not yet with the peer.
  std::uint64_t received = 0;      ///< Messages that the peer has.
  std::deque<std::string> probes;  ///< The texts of those that are ahead.
  std::vector<Event> unread;       ///< What arrived while reading was paused.

  [[nodiscard]] std::size_t room() const {
    return open && !ended && !closeSent && ahead.size() < capacity ? capacity - ahead.size() : 0;
  }
};

/// The network and the peer behind it: puts on the agenda what comes of everything that is sent. At most one wire is
/// alive, as with `ClientLoop`; what an aborted one would still have said is lost with it.
class Network {
 public:
  Network(const Plan& plan, Dice& dice, Agenda& agenda) : plan_(plan), dice_(dice), agenda_(agenda) {}

  /// From now on every attempt succeeds and every probe is answered.
  void heal() { healed_ = true; }

  void dial(core::Time now);
  void accept(core::Time now, Wire::Cargo cargo);
  void acceptProbe(core::Time now, std::string text);
  void acceptClose(core::Time now, std::uint16_t code);
  void ping(core::Time now, const std::array<std::byte, 8>& payload);
  void setReading(core::Time now, bool reading);
  void abort() { wire_.reset(); }

  /// The system takes something of what was accepted.
  void takeAhead(core::Time now);
  /// Does something to the open wire that nobody asked for: puts it on the agenda for now.
  void misbehave(core::Time now);
  void speak(core::Time now);

  /// How an attempt fails that is refused.
  [[nodiscard]] core::Ending refusal();
  [[nodiscard]] Wire* wire() { return wire_ ? &*wire_ : nullptr; }
  [[nodiscard]] const Wire* wire() const { return wire_ ? &*wire_ : nullptr; }
  /// The longest that a healed network takes until open.
  [[nodiscard]] core::Duration connectTime() const { return plan_.options.connectTimeout / 2; }

 private:
  [[nodiscard]] core::Duration soon();
  [[nodiscard]] core::Ending loss();
  void answer(core::Time now, Event event);

  const Plan& plan_;
  Dice& dice_;
  Agenda& agenda_;
  std::optional<Wire> wire_;
  std::uint64_t dialed_ = 0;
  bool healed_ = false;
};

}  // namespace tidewire::simulation
