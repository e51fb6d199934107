#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rfc6455/response_head.hpp"

namespace tidewire::native {

/// The beginning of the body with which a server explains a refusal (RFC 9112 section 6), without I/O.
class BodyExcerpt {
 public:
  /// A body that is no text, or compressed, is not read.
  explicit BodyExcerpt(const ResponseHead& head);

  /// Takes what follows the head. Ignored once the excerpt is complete.
  void feed(std::span<const std::byte> bytes);

  /// The body has ended, or more of it would not be shown.
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
  std::optional<std::uint64_t> left_ = {};  // Of the body, or of the chunk; nothing: until the connection ends.
  bool inChunkSize_ = true;
  std::string chunkSize_;
  std::string body_;
};

}  // namespace tidewire::native
