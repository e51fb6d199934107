#include "core/protocol/channel_progress.hpp"

namespace tidewire::core::protocol {

std::optional<Loss> ChannelProgress::subscribed(const Subscribed& head) {
  const std::optional<Position> before = std::exchange(position_, Position{head.epoch, head.seq});
  live_ = true;
  if (!before) {
    position_->seq = head.from.value_or(head.seq);
    return std::nullopt;
  }
  const bool known = before->epoch == head.epoch && before->seq <= head.seq;
  if (known && head.recovered) {
    position_->seq = before->seq;
    return std::nullopt;
  }
  holes_ = 0;
  if (known && before->seq < head.seq) {
    return Loss{Loss::Range{before->seq + 1, head.seq}};
  }
  return Loss{};
}

ChannelProgress::Verdict ChannelProgress::event(std::uint64_t seq, std::uint64_t skipped) noexcept {
  if (!live_ || seq <= position_->seq) {
    return Verdict::Drop;
  }
  // Events that are left out of a subscription that did not ask for it would be lost silently.
  if (seq != position_->seq + 1 + skipped || (skipped > 0 && !conflate_)) {
    if (holes_ == kHoleAttempts) {
      return Verdict::Lost;
    }
    ++holes_;
    live_ = false;
    return Verdict::Hole;
  }
  passOver(seq);
  return Verdict::Deliver;
}

void ChannelProgress::passOver(std::uint64_t seq) noexcept {
  position_->seq = seq;
  holes_ = 0;
}

}  // namespace tidewire::core::protocol
