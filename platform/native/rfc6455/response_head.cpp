#include "rfc6455/response_head.hpp"

#include <algorithm>

#include "core/ascii.hpp"
#include "core/one_line.hpp"

namespace tidewire::native {
namespace {

using core::isBlank;
using core::trimmed;

constexpr std::string_view kHttp = "HTTP/";

constexpr bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

bool mayBeginHttp(std::string_view line) {
  return line.substr(0, kHttp.size()) == kHttp.substr(0, line.size());
}

/// Only a CR that ends the line is part of its end (RFC 9112 section 2.2).
std::string_view withoutLineEnd(std::string_view line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

/// A bare CR counts as a blank (RFC 9112 section 2.2).
std::string cleaned(std::string_view value) {
  std::string text(trimmed(value));
  std::ranges::replace(text, '\r', ' ');
  return text;
}

}  // namespace

std::string ResponseHead::summary() const {
  return "HTTP " + std::to_string(status) + (reason.empty() ? "" : " ") + reason;
}

std::string ResponseHead::field(std::string_view name) const {
  std::string joined;
  bool found = false;
  for (const auto& [key, value] : fields) {
    if (key == name) {
      joined += (found ? ", " : "") + value;
      found = true;
    }
  }
  return joined;
}

std::size_t ResponseHeadReader::feed(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::size_t used = 0;
  while (state_ == State::Reading && used < text.size()) {
    const std::size_t room = kMaxHeadBytes - headBytes_;
    const std::string_view rest = text.substr(used, room);
    const std::size_t end = rest.find('\n');
    const std::string_view piece = rest.substr(0, end == std::string_view::npos ? end : end + 1);
    line_ += piece;
    headBytes_ += piece.size();
    used += piece.size();
    if (end != std::string_view::npos) {
      line_.pop_back();
      finishLine();
      line_.clear();
    } else if (!inFields_ && !mayBeginHttp(withoutLineEnd(line_))) {
      refuse(State::NotHttp, line_);
    } else if (headBytes_ == kMaxHeadBytes) {
      state_ = State::TooLong;
    }
  }
  return used;
}

void ResponseHeadReader::finishLine() {
  const std::string_view line = withoutLineEnd(line_);
  if (line.find('\0') != std::string_view::npos && (inFields_ || line.starts_with(kHttp))) {
    refuse(State::Invalid, line);
  } else if (!inFields_) {
    readStatusLine(line);
  } else if (line.empty()) {
    endHead();
  } else {
    readFieldLine(line);
  }
  if (state_ == State::Reading && headBytes_ == kMaxHeadBytes) {
    state_ = State::TooLong;
  }
}

void ResponseHeadReader::readStatusLine(std::string_view line) {
  if (line.empty()) {
    return;  // RFC 9112 section 2.2 says so of requests; servers send it behind an interim response.
  }
  if (!line.starts_with(kHttp)) {
    return refuse(State::NotHttp, line);
  }
  const std::size_t blank = line.find(' ');
  const std::string_view version = line.substr(0, blank);
  const std::string_view rest = blank == std::string_view::npos ? "" : trimmed(line.substr(blank));
  const bool isHttp1 =
      version.size() == kHttp.size() + 3 && version[5] == '1' && version[6] == '.' && isDigit(version[7]);
  const bool hasStatus = rest.size() >= 3 && std::ranges::all_of(rest.substr(0, 3), isDigit) && rest[0] != '0' &&
                         (rest.size() == 3 || isBlank(rest[3]));
  if (!isHttp1 || !hasStatus) {
    return refuse(State::Invalid, line);
  }
  head_ = {.status = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0'),
           .reason = core::oneLine(trimmed(rest.substr(3)), core::kMostQuoted)};
  inFields_ = true;
}

void ResponseHeadReader::readFieldLine(std::string_view line) {
  auto& fields = head_.fields;
  if (isBlank(line.front())) {
    // RFC 9112 section 5.2: a folded line continues the value before it. Before the first field it has no meaning.
    const std::string more = cleaned(line);
    if (!fields.empty() && !more.empty()) {
      fields.back().second += (fields.back().second.empty() ? "" : " ") + more;
    }
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return;
  }
  fields.emplace_back(core::lowered(cleaned(line.substr(0, colon))), cleaned(line.substr(colon + 1)));
}

void ResponseHeadReader::endHead() {
  if (head_.isFinal()) {
    state_ = State::Complete;
    return;
  }
  head_ = {};
  inFields_ = false;
}

void ResponseHeadReader::refuse(State state, std::string_view line) {
  state_ = state;
  offending_ = core::oneLine(line, core::kMostQuoted);
}

}  // namespace tidewire::native
