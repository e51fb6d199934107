#pragma once

#include <cstddef>
#include <cstdint>

#include "core/random.hpp"
#include "core/time.hpp"

namespace tidewire::simulation {

/// All that is left to chance in one seed comes from here, so a seed replays exactly.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) noexcept : random_(seed) {}

  std::uint64_t next() noexcept { return random_.next(); }
  std::uint64_t below(std::uint64_t bound) noexcept { return random_.next() % bound; }
  bool chance(unsigned percent) noexcept { return below(100) < percent; }
  core::Duration between(core::Duration least, core::Duration most) noexcept {
    return least + random_.upTo(most - least);
  }
  template <class Value, std::size_t count>
  Value oneOf(const Value (&values)[count]) noexcept {
    return values[below(count)];
  }

 private:
  core::Random random_;
};

}  // namespace tidewire::simulation
