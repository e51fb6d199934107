#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "core/time.hpp"

namespace tidewire::core::protocol {

/// Ids by the time at which each is due.
class Deadlines {
 public:
  void add(Time at, std::uint64_t id) { entries_.emplace(at, id); }
  /// Requires: it was added with this time.
  void erase(Time at, std::uint64_t id) { entries_.erase({at, id}); }
  void clear() noexcept { entries_.clear(); }

  /// The id that is due first, if its time has come by `now`. It stays until it is erased.
  [[nodiscard]] std::optional<std::uint64_t> due(Time now) const {
    return !entries_.empty() && entries_.begin()->first <= now ? std::optional(entries_.begin()->second) : std::nullopt;
  }
  [[nodiscard]] std::optional<Time> first() const {
    return entries_.empty() ? std::nullopt : std::optional(entries_.begin()->first);
  }

 private:
  // Times come in any order and leave in any: the one place where a sorted vector would be slow.
  std::set<std::pair<Time, std::uint64_t>> entries_;
};

}  // namespace tidewire::core::protocol
