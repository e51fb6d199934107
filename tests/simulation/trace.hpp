#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "core/connection.hpp"

namespace tidewire::simulation {

/// What happens, line by line, for a person to follow. Says nothing unless it is on.
class Trace {
 public:
  explicit Trace(bool on) : on_(on) {}

  [[nodiscard]] bool on() const { return on_; }
  void input(core::Time now, State state, std::string_view what) const {
    if (on_) {
      const double seconds = std::chrono::duration<double>(now.time_since_epoch()).count();
      std::printf("%14.6f s  %-10.*s  %.*s\n", seconds, width(tidewire::nameOf(state)), tidewire::nameOf(state).data(),
                  width(what), what.data());
    }
  }
  void action(const core::Action& action) const {
    if (on_) {
      std::printf("%30s-> %s\n", "", describe(action).c_str());
    }
  }
  void note(const std::string& what) const {
    if (on_) {
      std::printf("%30s   %s\n", "", what.c_str());
    }
  }

 private:
  static int width(std::string_view text) { return static_cast<int>(text.size()); }
  static std::string describe(const core::Action& action);

  bool on_;
};

}  // namespace tidewire::simulation
