#include "core/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace tidewire::core {
namespace {

using Word = std::uint64_t;
constexpr Word kHighBits = 0x8080808080808080U;

Word wordAt(const std::byte* at) noexcept {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Compilers make the machine's vectors of it, or single words where it has none. Named, because at -O2 a loop over
// words stays one (measured: three times as long for a long text).
using Vector = Word __attribute__((vector_size(16)));

Vector vectorAt(const std::byte* at) noexcept {
  Vector vector;
  std::memcpy(&vector, at, sizeof vector);
  return vector;
}

Vector fourVectorsAt(const std::byte* at) noexcept {
  return vectorAt(at) | vectorAt(at + 16) | vectorAt(at + 32) | vectorAt(at + 48);
}

bool isAscii(Vector all) noexcept {
  return ((all[0] | all[1]) & kHighBits) == 0;
}

/// Passes over whole blocks of ASCII: 128 bytes at a time, and then 32.
const std::byte* behindAscii(const std::byte* at, const std::byte* end) noexcept {
  while (end - at >= 128 && isAscii(fourVectorsAt(at) | fourVectorsAt(at + 64))) {
    at += 128;
  }
  while (end - at >= 32 && isAscii(vectorAt(at) | vectorAt(at + 16))) {
    at += 32;
  }
  return at;
}

/// Whether a text is ASCII, for short ones: the last vector or word may overlap the one before.
bool isShortAscii(std::span<const std::byte> bytes) noexcept {
  const std::byte* at = bytes.data();
  const std::byte* const end = at + bytes.size();
  if (bytes.size() >= sizeof(Vector)) {
    Vector all = vectorAt(end - sizeof(Vector));
    for (; end - at > static_cast<std::ptrdiff_t>(sizeof(Vector)); at += sizeof(Vector)) {
      all |= vectorAt(at);
    }
    return isAscii(all);
  }
  if (bytes.size() >= sizeof(Word)) {
    return ((wordAt(at) | wordAt(end - sizeof(Word))) & kHighBits) == 0;
  }
  Word all = 0;
  for (; at != end; ++at) {
    all |= std::to_integer<Word>(*at);
  }
  return (all & 0x80) == 0;
}

}  // namespace

// One row of 64 bits for each value of a byte. A row holds, at the bit position that stands for a state, the position
// of the state that the byte leads to. A step is then one shift, without a branch that mixed text would mispredict.
struct Utf8Validator::Machine {
  enum State : std::uint8_t {
    Refused = kRefused,
    Start = kStart,
    OneMore = 12,
    TwoMore = 18,
    ThreeMore = 24,
    AfterE0 = 30,
    AfterEd = 36,
    AfterF0 = 42,
    AfterF4 = 48,
  };

  struct Edge {
    State from;
    int first;
    int last;
    State to;
  };

  // The grammar of RFC 3629 section 4. What no edge allows leads to `Refused`, and stays there.
  static constexpr Edge kEdges[] = {
      {Start, 0x00, 0x7F, Start},     {Start, 0xC2, 0xDF, OneMore},   {Start, 0xE0, 0xE0, AfterE0},
      {Start, 0xE1, 0xEC, TwoMore},   {Start, 0xED, 0xED, AfterEd},   {Start, 0xEE, 0xEF, TwoMore},
      {Start, 0xF0, 0xF0, AfterF0},   {Start, 0xF1, 0xF3, ThreeMore}, {Start, 0xF4, 0xF4, AfterF4},
      {OneMore, 0x80, 0xBF, Start},   {TwoMore, 0x80, 0xBF, OneMore}, {ThreeMore, 0x80, 0xBF, TwoMore},
      {AfterE0, 0xA0, 0xBF, OneMore}, {AfterEd, 0x80, 0x9F, OneMore}, {AfterF0, 0x90, 0xBF, TwoMore},
      {AfterF4, 0x80, 0x8F, TwoMore},
  };

  static constexpr std::array<std::uint64_t, 256> makeRows() {
    std::array<std::uint64_t, 256> rows = {};
    for (const Edge& edge : kEdges) {
      for (int byte = edge.first; byte <= edge.last; ++byte) {
        rows[static_cast<std::size_t>(byte)] |= std::uint64_t{edge.to} << edge.from;
      }
    }
    return rows;
  }

  static const std::array<std::uint64_t, 256> kRows;

  // Of a state only the lowest six bits count.
  static std::uint64_t step(std::uint64_t state, std::byte byte) noexcept {
    return kRows[std::to_integer<std::size_t>(byte)] >> (state & 63);
  }
};

constexpr std::array<std::uint64_t, 256> Utf8Validator::Machine::kRows = makeRows();

bool Utf8Validator::feed(std::span<const std::byte> bytes) noexcept {
  constexpr std::ptrdiff_t kBlock = 32;
  const std::byte* at = bytes.data();
  const std::byte* const end = at + bytes.size();
  std::uint64_t state = state_;
  while (end - at >= kBlock) {
    // Chat and prices are nearly all ASCII, so blocks of it are passed over without looking at single bytes.
    if ((state & 63) == Machine::Start) {
      at = behindAscii(at, end);
    }
    const std::byte* const blockEnd = at + std::min(end - at, kBlock);
    for (; at != blockEnd; ++at) {
      state = Machine::step(state, *at);
    }
  }
  for (; at != end; ++at) {
    state = Machine::step(state, *at);
  }
  state_ = state & 63;
  return state_ != kRefused;
}

bool isValidUtf8(std::span<const std::byte> bytes) noexcept {
  constexpr std::size_t kShort = 256;
  if (bytes.size() <= kShort && isShortAscii(bytes)) {
    return true;
  }
  Utf8Validator validator;
  validator.feed(bytes);
  return validator.complete();
}

}  // namespace tidewire::core
