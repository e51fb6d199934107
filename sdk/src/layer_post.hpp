#pragma once

namespace tidewire::internal {

/// A command of the application to a layer. Each layer derives its own.
class LayerPost {
 public:
  LayerPost() = default;
  LayerPost(const LayerPost&) = delete;
  LayerPost& operator=(const LayerPost&) = delete;
  virtual ~LayerPost() = default;
};

}  // namespace tidewire::internal
