#include "platform_types/layers.hpp"

namespace tidewire::internal {

bool programHasLayers() noexcept {
  return true;
}

}  // namespace tidewire::internal
