#pragma once

namespace tidewire::internal {

/// What the application asked of a layer; each layer derives its own.
class LayerPost {
 public:
  LayerPost() = default;
  LayerPost(const LayerPost&) = delete;
  LayerPost& operator=(const LayerPost&) = delete;
  virtual ~LayerPost() = default;
};

}  // namespace tidewire::internal
