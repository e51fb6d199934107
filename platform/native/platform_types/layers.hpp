#pragma once

namespace tidewire::internal {

constexpr bool programHasLayers() noexcept {
  return true;
}

}  // namespace tidewire::internal
