#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

namespace tidewire {

/// A function of the application's that an option holds. One that throws ends the program, in the application's own
/// translation unit: the SDK is built without exceptions.
template <class... Arguments>
class Callback {
 public:
  Callback() noexcept = default;
  Callback(std::nullptr_t) noexcept {}
  // clang-format off
  template <class Function>
    requires(!std::same_as<std::remove_cvref_t<Function>, Callback> && std::invocable<Function&, Arguments...>)
  Callback(Function function)
      : function_([function = std::move(function)](Arguments... arguments) mutable noexcept {
          function(std::forward<Arguments>(arguments)...);
        }) {}
  // clang-format on

  [[nodiscard]] explicit operator bool() const noexcept { return function_ != nullptr; }

  /// Requires: not empty.
  void operator()(Arguments... arguments) const { function_(std::forward<Arguments>(arguments)...); }

 private:
  std::function<void(Arguments...)> function_;
};

}  // namespace tidewire
