// Of the wasm without sessions: no client has a layer, so that the code for them is not linked.

#include "binding_support.hpp"

namespace tidewire::internal {

bool programHasLayers() noexcept {
  return false;
}

}  // namespace tidewire::internal
