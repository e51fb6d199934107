#include "rfc6455/frame_writer.hpp"

#include <utility>

namespace tidewire::native {

void FrameWriter::add(std::span<const std::byte> frames, std::size_t payloadBytes, core::Payload keep) {
  messageBytes_ += frames.size();
  payloadBytes_ += payloadBytes;
  if (stretches_.size() > taken_) {
    Stretch& last = stretches_.back();
    if (last.frames.data() + last.frames.size() == frames.data()) {
      last.frames = {last.frames.data(), last.frames.size() + frames.size()};
      last.payloadBytes += payloadBytes;
      last.keep = std::move(keep);
      return;
    }
  }
  stretches_.push_back({frames, payloadBytes, std::move(keep)});
}

std::span<const std::byte> FrameWriter::nextStretch() {
  lastPayloadBytes_ = 0;
  copied_.clear();
  copied_.append(control_.bytes());
  control_.clear();
  if (copied_.empty() && !stretches_.empty() && stretches_.front().frames.size() >= kCopiedBytes) {
    return takeStretch();
  }
  while (taken_ < stretches_.size() && stretches_[taken_].frames.size() < kCopiedBytes) {
    copied_.append(takeStretch());
  }
  if (taken_ == stretches_.size()) {
    copied_.append(closing_.bytes());
    closing_.clear();
  }
  return copied_.bytes();
}

std::span<const std::byte> FrameWriter::takeStretch() {
  const Stretch& stretch = stretches_[taken_++];
  messageBytes_ -= stretch.frames.size();
  payloadBytes_ -= stretch.payloadBytes;
  lastPayloadBytes_ += stretch.payloadBytes;
  return stretch.frames;
}

void FrameWriter::dropWritten() {
  stretches_.erase(stretches_.begin(), stretches_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  if (copied_.capacity() > kKeptBytes) {
    copied_.release();
  }
}

}  // namespace tidewire::native
