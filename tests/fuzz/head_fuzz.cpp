// Any bytes instead of an answer to the handshake, in any pieces, must be read without harm and always to the same end.
//
// Input: a byte n, then n % 8 chunk sizes of one byte each, then what the server sends.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/one_line.hpp"
#include "rfc6455/body_excerpt.hpp"
#include "rfc6455/response_head.hpp"

namespace {

using namespace tidewire::native;
using Bytes = std::span<const std::byte>;
using State = ResponseHeadReader::State;

void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
  }
}

std::size_t takeByte(Bytes& bytes) {
  if (bytes.empty()) {
    return 0;
  }
  const auto value = std::to_integer<std::size_t>(bytes.front());
  bytes = bytes.subspan(1);
  return value;
}

bool isShortLine(const std::string& text) {
  return text.size() <= tidewire::core::kMostQuoted && tidewire::core::oneLine(text) == text;
}

void check(const ResponseHeadReader& reader, std::size_t used) {
  const ResponseHead& head = reader.head();
  require(used <= kMaxHeadBytes, "a head is within the limit");
  require(head.status == 0 || (head.status >= 100 && head.status <= 999), "a status has three digits");
  require(isShortLine(head.reason), "a reason is one short line");
  require(isShortLine(reader.offending()), "what is quoted is one short line");
  require(reader.state() != State::Complete || head.isFinal(), "an answer is no interim one");
  for (const auto& [name, value] : head.fields) {
    for (const std::string& text : {name, value}) {
      require(text.find_first_of("\r\n") == std::string::npos, "a field has no line end");
      require(text.find('\0') == std::string::npos || reader.state() == State::Invalid, "a field has no NUL");
    }
    require(head.field(name).find(value) != std::string::npos, "a field is found");
  }
}

// From memory of just this size that is gone afterwards, so that the sanitizer sees every byte too far.
std::size_t feed(ResponseHeadReader& reader, Bytes chunk) {
  const std::vector<std::byte> memory(chunk.begin(), chunk.end());
  const std::size_t used = reader.feed(memory);
  require(used <= chunk.size(), "no more is taken than there is");
  require(reader.state() != State::Reading || used == chunk.size(), "one that needs more takes all");
  return used;
}

/// Of what follows the head.
std::string excerptOf(const ResponseHead& head, Bytes body, std::size_t chunk) {
  BodyExcerpt excerpt(head);
  while (!body.empty()) {
    excerpt.feed(body.first(std::min(chunk, body.size())));
    body = body.subspan(std::min(chunk, body.size()));
  }
  require(isShortLine(excerpt.text()), "what a server says is one short line");
  return excerpt.text();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes input = std::as_bytes(std::span(data, size));
  std::vector<std::size_t> chunkSizes;
  for (std::size_t left = takeByte(input) % 8; left > 0; --left) {
    chunkSizes.push_back(1 + takeByte(input));
  }
  ResponseHeadReader whole;
  const std::size_t used = feed(whole, input);
  check(whole, used);

  ResponseHeadReader pieces;
  std::size_t usedInPieces = 0;
  for (std::size_t i = 0; usedInPieces < input.size() && pieces.state() == State::Reading; ++i) {
    const std::size_t chunk = chunkSizes.empty() ? 1 : chunkSizes[i % chunkSizes.size()];
    usedInPieces += feed(pieces, input.subspan(usedInPieces, std::min(chunk, input.size() - usedInPieces)));
  }
  check(pieces, usedInPieces);
  require(pieces.state() == whole.state(), "pieces make no difference to the end");
  require(pieces.head().status == whole.head().status, "pieces make no difference to the status");
  require(pieces.head().fields == whole.head().fields, "pieces make no difference to the fields");
  require(whole.state() != State::Complete || used == usedInPieces, "pieces make no difference to what is left");
  const Bytes body = input.subspan(used);
  require(excerptOf(whole.head(), body, 1) == excerptOf(whole.head(), body, body.size() + 1),
          "pieces make no difference to what a server says");
  return 0;
}
