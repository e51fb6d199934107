#include "core/utf8.hpp"

#include <array>
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

/// Whether a block of that many words is ASCII. A loop over a fixed size becomes vector instructions at -O2 already.
template <std::size_t kWords>
bool isAscii(const std::byte* at) noexcept {
  Word all = 0;
  for (std::size_t i = 0; i < kWords * sizeof(Word); i += sizeof(Word)) {
    all |= wordAt(at + i);
  }
  return (all & kHighBits) == 0;
}

/// Whether a text is ASCII, for short ones: the last word may overlap the one before.
bool isShortAscii(std::span<const std::byte> bytes) noexcept {
  const std::byte* at = bytes.data();
  const std::byte* const end = at + bytes.size();
  Word all = 0;
  for (; end - at >= 32; at += 32) {
    all |= wordAt(at) | wordAt(at + 8) | wordAt(at + 16) | wordAt(at + 24);  // Unrolled by hand: -O2 does not.
  }
  if (bytes.size() < sizeof(Word)) {
    for (; at != end; ++at) {
      all |= std::to_integer<Word>(*at);
    }
    return (all & 0x80) == 0;
  }
  for (; end - at > static_cast<std::ptrdiff_t>(sizeof(Word)); at += sizeof(Word)) {
    all |= wordAt(at);
  }
  return ((all | wordAt(end - sizeof(Word))) & kHighBits) == 0;
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

  template <std::size_t kWords>
  static std::uint64_t stepBlock(std::uint64_t state, const std::byte* at) noexcept;
};

constexpr std::array<std::uint64_t, 256> Utf8Validator::Machine::kRows = makeRows();

// Chat and prices are nearly all ASCII, so blocks of it are passed over without looking at single bytes.
template <std::size_t kWords>
std::uint64_t Utf8Validator::Machine::stepBlock(std::uint64_t state, const std::byte* at) noexcept {
  if ((state & 63) == Start && isAscii<kWords>(at)) {
    return state;
  }
  for (std::size_t i = 0; i < kWords * sizeof(std::uint64_t); ++i) {
    state = step(state, at[i]);
  }
  return state;
}

bool Utf8Validator::feed(std::span<const std::byte> bytes) noexcept {
  const std::byte* at = bytes.data();
  const std::byte* const end = at + bytes.size();
  std::uint64_t state = state_;
  while (end - at >= 32) {
    if (end - at >= 128 && (state & 63) == Machine::Start && isAscii<16>(at)) {
      at += 128;
    } else {
      state = Machine::stepBlock<4>(state, at);
      at += 32;
    }
  }
  for (; end - at >= 8; at += 8) {
    state = Machine::stepBlock<1>(state, at);
  }
  for (; at != end; ++at) {
    state = Machine::step(state, *at);
  }
  state_ = state & 63;
  return state_ != kRefused;
}

bool isValidUtf8(std::span<const std::byte> bytes) noexcept {
  constexpr std::size_t kShort = 128;
  if (bytes.size() <= kShort && isShortAscii(bytes)) {
    return true;
  }
  Utf8Validator validator;
  validator.feed(bytes);
  return validator.complete();
}

}  // namespace tidewire::core
