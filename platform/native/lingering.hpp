#pragma once

#include <ev.h>

#include <cstddef>

#include "rfc6455/byte_buffer.hpp"
#include "wire.hpp"

namespace tidewire::native {

/// A connection without a client after the exchange of Close frames: pending bytes are written, incoming bytes are read
/// and dropped. Closing a socket with unread bytes would send a reset, which may overtake our Close frame. Ends by
/// itself within 2 s; its owner keeps it until then.
class Lingering final : private Wire::Owner {
 public:
  class Owner {
   public:
    /// `connection` has ended, and may be destroyed inside this call.
    virtual void lingered(const Lingering& connection) = 0;

   protected:
    ~Owner() = default;
  };

  /// `rest`: bytes still to be written.
  Lingering(Lingering::Owner& owner, struct ev_loop* events, Wire&& wire, ByteBuffer rest);
  ~Lingering();
  /// Returns false if it is over already: most peers close behind their Close frame. Then there is nothing to keep.
  [[nodiscard]] bool start();
  Lingering(const Lingering&) = delete;
  Lingering& operator=(const Lingering&) = delete;

 private:
  void wireReadable() override;
  void wireWritable() override { writeOut(); }
  void wireClosed() override { owner_.lingered(*this); }
  void writeOut();
  [[nodiscard]] bool discard();
  void giveUp();

  Lingering::Owner& owner_;
  struct ev_loop* const events_;
  Wire wire_;
  ByteBuffer rest_;
  std::size_t written_ = 0;
  bool finished_ = false;
  ev_timer patience_{};
};

}  // namespace tidewire::native
