#pragma once

namespace tidewire::internal {

/// Defined by the library as true, and by each wasm of the JavaScript package for itself.
[[gnu::const]] bool programHasLayers() noexcept;

}  // namespace tidewire::internal
