#include "frame_writer.hpp"

#include <utility>

namespace tidewire::native {

void FrameWriter::add(std::span<const std::byte> frames, core::Payload keep) {
  messageBytes_ += frames.size();
  if (!stretches_.empty()) {
    Stretch& last = stretches_.back();
    if (last.frames.data() + last.frames.size() == frames.data()) {
      last.frames = {last.frames.data(), last.frames.size() + frames.size()};
      last.keep = std::move(keep);
      return;
    }
  }
  stretches_.push_back({frames, std::move(keep)});
}

std::span<const std::byte> FrameWriter::nextStretch() {
  taken_ = 0;
  copied_.clear();
  copied_.append(control_.bytes());
  control_.clear();
  if (copied_.empty() && !stretches_.empty() && stretches_.front().frames.size() >= kCopiedBytes) {
    taken_ = 1;
    messageBytes_ -= stretches_.front().frames.size();
    return stretches_.front().frames;
  }
  while (taken_ < stretches_.size() && stretches_[taken_].frames.size() < kCopiedBytes) {
    const std::span<const std::byte> frames = stretches_[taken_++].frames;
    copied_.append(frames);
    messageBytes_ -= frames.size();
  }
  if (taken_ == stretches_.size()) {
    copied_.append(closing_.bytes());
    closing_.clear();
  }
  return copied_.bytes();
}

void FrameWriter::dropWritten() {
  stretches_.erase(stretches_.begin(), stretches_.begin() + static_cast<std::ptrdiff_t>(taken_));
  if (copied_.capacity() > kKeptBytes) {
    copied_.release();
  }
}

}  // namespace tidewire::native
