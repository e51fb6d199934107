#include "lingering.hpp"

#include <array>
#include <utility>

namespace tidewire::native {
namespace {

constexpr double kLingerSeconds = 2;

}  // namespace

Lingering::Lingering(Lingering::Owner& owner, struct ev_loop* events, Wire&& wire, ByteBuffer rest)
    : owner_(owner), events_(events), wire_(std::move(wire), static_cast<Wire::Owner&>(*this)), rest_(std::move(rest)) {
  ev_init(&patience_,
          [](struct ev_loop*, ev_timer* watcher, int) { static_cast<Lingering*>(watcher->data)->giveUp(); });
  patience_.data = this;
}

bool Lingering::start() {
  writeOut();
  if (finished_ && discard()) {
    wire_.cut();
    return false;
  }
  wire_.startReading();
  ev_now_update(events_);
  ev_timer_set(&patience_, kLingerSeconds, 0.);
  ev_timer_start(events_, &patience_);
  return true;
}

Lingering::~Lingering() {
  ev_timer_stop(events_, &patience_);
}

void Lingering::wireReadable() {
  if (discard()) {
    giveUp();
  }
}

/// Returns whether the stream has ended.
bool Lingering::discard() {
  std::array<std::byte, 16 * 1024> dropped;
  return wire_.receive({}, dropped).ended;
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

/// The peer has ended the connection, or the time is over.
void Lingering::giveUp() {
  wire_.cut();
  owner_.lingered(*this);
}

}  // namespace tidewire::native
