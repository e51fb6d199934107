#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/time.hpp"

namespace tidewire::core::protocol {

/// A time at which something is due; part of the object that it belongs to.
struct Deadline {
  std::uint64_t id = 0;  ///< The object's. Of equal times the lower comes first.
  Time at{};
  std::optional<std::size_t> place = {};  ///< `Deadlines`' own.
};

/// Deadlines in the order of their times: a binary heap, in which each knows its place, so that any of thousands may be
/// taken out.
class Deadlines {
 public:
  /// Requires: `deadline` is in none, and stays where it is until it is erased.
  void add(Deadline& deadline, Time at);
  /// No effect on one that was not added.
  void erase(Deadline& deadline) noexcept;

  /// The first, if its time has come by `now`; else null.
  [[nodiscard]] Deadline* due(Time now) const noexcept;
  [[nodiscard]] std::optional<Time> first() const noexcept;

 private:
  void put(std::size_t place, Deadline& deadline) noexcept;
  void settle(std::size_t place, Deadline& deadline) noexcept;

  std::vector<Deadline*> heap_;
};

}  // namespace tidewire::core::protocol
