#pragma once

namespace tidewire::internal {

/// Defined by the library as true, and by each wasm of the JavaScript package for itself.
bool programHasLayers() noexcept;

}  // namespace tidewire::internal
