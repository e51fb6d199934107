#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The head of an HTTP/1.x response (RFC 9112), without I/O. Lenient where browsers are, since servers rely on it.
namespace tidewire::native {

/// Status line and header fields of a response, and of every interim response before it.
inline constexpr std::size_t kMaxHeadBytes = 64 * 1024;

struct ResponseHead {
  int status = 0;           ///< Three digits, or 0.
  std::string reason = {};  ///< The reason phrase, as `core::oneLine` makes it.

  /// Whether there is a final (not interim) status.
  [[nodiscard]] bool isFinal() const noexcept { return status == 101 || status >= 200; }

  /// "HTTP 502 Bad Gateway".
  [[nodiscard]] std::string summary() const;

  /// Every value of a field joined by ", " (RFC 9110 section 5.3). Returns an empty string without one. `name` in lower
  /// case.
  [[nodiscard]] std::string field(std::string_view name) const;

  std::vector<std::pair<std::string, std::string>> fields = {};  ///< Names in lower case, values without outer blanks.
};

/// Reads a response head from pieces of any size.
///
/// Skips interim responses (100, 102 to 199; RFC 9110 section 15.2) and empty lines before a status line, joins folded
/// lines, accepts LF for CRLF, and ignores lines that are no header field. Memory grows to `kMaxHeadBytes`, no further.
class ResponseHeadReader {
 public:
  enum class State {
    Reading,   ///< Needs more bytes.
    Complete,  ///< `head()` is whole.
    NotHttp,   ///< The bytes cannot be the start of an HTTP response.
    TooLong,   ///< Longer than `kMaxHeadBytes`. `head()` has the part before, perhaps a status.
    Invalid,   ///< It begins as HTTP/1.x, but has no three-digit status, or contains a NUL.
  };

  /// Returns: how many of `bytes` belong to the head; the rest follows it. 0 once the state is not `Reading`.
  std::size_t feed(std::span<const std::byte> bytes);

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] const ResponseHead& head() const noexcept { return head_; }
  /// The beginning of the line that caused `NotHttp` or `Invalid`, as `core::oneLine` makes it.
  [[nodiscard]] const std::string& offending() const noexcept { return offending_; }

 private:
  void finishLine();
  void readStatusLine(std::string_view line);
  void readFieldLine(std::string_view line);
  void endHead();
  void refuse(State state, std::string_view line);

  State state_ = State::Reading;
  ResponseHead head_;
  std::string line_;
  std::size_t headBytes_ = 0;
  bool inFields_ = false;
  std::string offending_;
};

}  // namespace tidewire::native
