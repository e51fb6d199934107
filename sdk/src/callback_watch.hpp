#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/time.hpp"
#include "outlet.hpp"
#include "tidewire/options.hpp"

namespace tidewire::internal {

/// Finds callbacks that hold the loop thread (`Callbacks::Automatic`), and events that no call of `poll` fetches
/// (`Callbacks::Poll`). Loop thread.
class CallbackWatch {
 public:
  explicit CallbackWatch(Callbacks mode) noexcept : mode_(mode) {}

  /// Called at the end of each round. Returns a warning for the log, or nothing.
  [[nodiscard]] std::optional<std::string> roundEnded(core::Time began, core::Time now, const Outlet& outlet);
  /// When a round is needed to notice that `poll` is not called.
  [[nodiscard]] std::optional<core::Time> deadline() const;

 private:
  [[nodiscard]] std::optional<std::string> findUnpolled(core::Time now, const Outlet::Waiting& waiting);

  const Callbacks mode_;
  std::optional<core::Time> unpolledSince_;
  std::uint64_t polls_ = 0;
  bool warned_ = false;
};

}  // namespace tidewire::internal
