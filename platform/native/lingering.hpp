#pragma once

#include <ev.h>

#include <cstddef>

#include "lws.hpp"
#include "rfc6455/byte_buffer.hpp"
#include "wire.hpp"

namespace tidewire::native {

class NativeLoop;

/// A connection whose Close frames are exchanged, and whose client has gone: what was written still leaves, what still
/// comes is read and dropped. Unread bytes would turn the end of the connection into a reset, which may overtake our
/// Close frame. Ends by itself, after 2 s at the latest; `NativeLoop` owns it meanwhile.
class Lingering final : public WsiOwner {
 public:
  /// `rest` is still to be written.
  Lingering(NativeLoop& loop, Wire wire, ByteBuffer rest);
  ~Lingering();
  Lingering(const Lingering&) = delete;
  Lingering& operator=(const Lingering&) = delete;

  int onCallback(lws* wsi, lws_callback_reasons reason, void* in, std::size_t length) override;

 private:
  void writeOut();
  void giveUp();

  NativeLoop& loop_;
  Wire wire_;
  ByteBuffer rest_;
  std::size_t written_ = 0;
  bool finished_ = false;
  ev_timer patience_{};
};

}  // namespace tidewire::native
