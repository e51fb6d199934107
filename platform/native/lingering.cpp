#include "lingering.hpp"

#include <utility>

#include "native_loop.hpp"

namespace tidewire::native {
namespace {

constexpr double kLingerSeconds = 2;

}  // namespace

Lingering::Lingering(NativeLoop& loop, Wire wire, ByteBuffer rest)
    : loop_(loop), wire_(std::move(wire)), rest_(std::move(rest)) {
  lws_set_opaque_user_data(wire_.wsi(), static_cast<WsiOwner*>(this));
  lws_rx_flow_control(wire_.wsi(), 1);
  ev_init(&patience_,
          [](struct ev_loop*, ev_timer* watcher, int) { static_cast<Lingering*>(watcher->data)->giveUp(); });
  patience_.data = this;
  ev_now_update(loop_.events());
  ev_timer_set(&patience_, kLingerSeconds, 0.);
  ev_timer_start(loop_.events(), &patience_);
  writeOut();
}

Lingering::~Lingering() {
  ev_timer_stop(loop_.events(), &patience_);
}

int Lingering::onCallback(lws*, lws_callback_reasons reason, void*, std::size_t) {
  switch (reason) {
    case LWS_CALLBACK_RAW_WRITEABLE:
      wire_.writable();
      writeOut();
      return 0;
    case LWS_CALLBACK_RAW_CLOSE:
      loop_.lingered(*this);
      return 0;
    default:
      return 0;
  }
}

void Lingering::writeOut() {
  if (finished_) {
    return;
  }
  written_ += wire_.write(rest_.bytes().subspan(written_));
  finished_ = written_ == rest_.size() && !wire_.blocked();
  if (finished_) {
    wire_.finish();
  } else {
    wire_.awaitWritable();
  }
}

void Lingering::giveUp() {
  loop_.cut(wire_.release());
  loop_.lingered(*this);
}

}  // namespace tidewire::native
