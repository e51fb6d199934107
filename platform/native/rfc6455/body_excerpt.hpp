#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rfc6455/response_head.hpp"

namespace tidewire::native {

/// The beginning of the body of a refusal (RFC 9112 section 6), without I/O.
class BodyExcerpt {
 public:
  /// A compressed or non-text body is not read.
  explicit BodyExcerpt(const ResponseHead& head);

  /// Reads the bytes behind the head. Ignored once the excerpt is complete.
  void feed(std::span<const std::byte> bytes);

  /// Whether the body has ended, or the excerpt is full.
  [[nodiscard]] bool complete() const noexcept { return complete_; }

  /// On one line, in at most `core::kMostQuoted` bytes; of HTML only the words.
  [[nodiscard]] std::string text() const;

 private:
  /// The header and the data of a chunk (RFC 9112 section 7.1).
  void feedChunked(char next);
  void take(std::string_view bytes);

  bool isHtml_ = false;
  bool chunked_ = false;
  bool complete_ = false;
  std::optional<std::uint64_t> left_ = {};  // Of the body or the chunk; empty: until the connection ends.
  bool inChunkSize_ = true;
  std::string chunkSize_;
  std::string body_;
};

}  // namespace tidewire::native
