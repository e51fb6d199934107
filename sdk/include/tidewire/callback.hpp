#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

namespace tidewire {

/// An application function stored in an option or a handler set.
///
/// An exception that leaves the function ends the program (`std::terminate`) inside the application's own translation
/// unit, because the SDK is built without exceptions. Copies share nothing: each holds a copy of the function.
///
/// Thread: the SDK calls the function where the option or handler documents it.
template <class... Arguments>
class Callback {
 public:
  /// Makes an empty callback. The SDK skips it.
  Callback() noexcept = default;
  /// Makes an empty callback. The SDK skips it.
  Callback(std::nullptr_t) noexcept {}
  // clang-format off
  /// Stores `function`, which is moved in.
  ///
  /// Requires: `function` is copyable, and callable with `Arguments...`. Its result is ignored.
  template <class Function>
    requires(!std::same_as<std::remove_cvref_t<Function>, Callback> && std::invocable<Function&, Arguments...>)
  Callback(Function function)
      : function_([function = std::move(function)](Arguments... arguments) mutable noexcept {
          function(std::forward<Arguments>(arguments)...);
        }) {}
  // clang-format on

  /// Returns: true if a function is stored.
  [[nodiscard]] explicit operator bool() const noexcept { return function_ != nullptr; }

  /// Calls the stored function.
  ///
  /// Requires: not empty.
  void operator()(Arguments... arguments) const { function_(std::forward<Arguments>(arguments)...); }

 private:
  std::function<void(Arguments...)> function_;
};

}  // namespace tidewire
