#pragma once

#include <cstdint>
#include <utility>

namespace tidewire::core {

/// Owns the content of one outgoing message, whatever its form: natively a part of a memory block, on the web a slot of
/// the JavaScript table. Its destructor frees the content, so a message cannot leak.
class Payload {
 public:
  using Release = void (*)(void* owner, std::uintptr_t handle) noexcept;

  Payload() noexcept = default;
  Payload(void* owner, std::uintptr_t handle, Release release) noexcept
      : owner_(owner), handle_(handle), release_(release) {}
  Payload(Payload&& other) noexcept
      : owner_(other.owner_), handle_(other.handle_), release_(std::exchange(other.release_, nullptr)) {}
  Payload& operator=(Payload&& other) noexcept {
    if (this != &other) {
      reset();
      owner_ = other.owner_;
      handle_ = other.handle_;
      release_ = std::exchange(other.release_, nullptr);
    }
    return *this;
  }
  ~Payload() { reset(); }

  [[nodiscard]] std::uintptr_t handle() const noexcept { return handle_; }

 private:
  void reset() noexcept {
    if (release_ != nullptr) {
      std::exchange(release_, nullptr)(owner_, handle_);
    }
  }

  void* owner_ = nullptr;
  std::uintptr_t handle_ = 0;
  Release release_ = nullptr;
};

}  // namespace tidewire::core
