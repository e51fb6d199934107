#pragma once

#include <type_traits>
#include <utility>

namespace tidewire::core {

/// Converts to what `make` returns, so that a `std::variant` or `std::optional` constructs an aggregate in its place.
/// Otherwise it would be moved there, or cleared as a whole before its members are filled: both take more time than an
/// event of a busy session needs for the rest.
template <class Make>
class MadeBy {
 public:
  explicit MadeBy(Make make) : make_(std::move(make)) {}

  operator std::invoke_result_t<const Make&>() const { return make_(); }

 private:
  const Make make_;
};

}  // namespace tidewire::core
