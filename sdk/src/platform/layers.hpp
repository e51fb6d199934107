#pragma once

#include <concepts>

#include "platform_types/layers.hpp"

// Whether a program may have layers: `programHasLayers` in `tidewire::internal`, a function of the platform's, since
// only what is downloaded has to be linked without the code for them.
namespace tidewire::internal {

template <class Type>
concept LayerSwitch = requires(Type hasLayers) {
  { hasLayers() }
  noexcept->std::same_as<bool>;
};

static_assert(LayerSwitch<decltype(&programHasLayers)>,
              "the platform's programHasLayers lacks what sdk/src/platform/layers.hpp requires");

}  // namespace tidewire::internal
