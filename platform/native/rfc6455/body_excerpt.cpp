#include "rfc6455/body_excerpt.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "core/ascii.hpp"
#include "core/one_line.hpp"

namespace tidewire::native {
namespace {

// Markup may stand before the words.
constexpr std::size_t kMostExcerptBytes = 4096;
constexpr std::size_t kMostSizeDigits = 8;

std::optional<std::uint64_t> numberOf(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

bool isText(std::string_view contentType) {
  return contentType.empty() || contentType.starts_with("text/") || contentType.find("json") != std::string_view::npos;
}

bool isWhiteSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool startsWith(std::string_view text, std::string_view start) {
  return core::equalsIgnoringCase(text.substr(0, start.size()), start);
}

/// Where `part` begins in `text`, in any case.
std::size_t find(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) { return core::toLower(a) == core::toLower(b); };
  const auto at = std::search(text.begin(), text.end(), part.begin(), part.end(), same);
  return at == text.end() ? std::string_view::npos : static_cast<std::size_t>(at - text.begin());
}

/// Without what stands between < and >, and without comments, style sheets and scripts.
std::string withoutMarkup(std::string_view html) {
  std::string words;
  while (!html.empty()) {
    const std::size_t tag = html.find('<');
    words.append(html.substr(0, tag));
    if (tag == std::string_view::npos) {
      break;
    }
    html.remove_prefix(tag + 1);
    const std::string_view end = startsWith(html, "!--")      ? "-->"
                                 : startsWith(html, "style")  ? "</style>"
                                 : startsWith(html, "script") ? "</script>"
                                                              : ">";
    const std::size_t at = find(html, end);
    html.remove_prefix(at == std::string_view::npos ? html.size() : at + end.size());
    words += ' ';
  }
  return words;
}

/// Every row of blanks becomes one space, and none stands at either end.
std::string withSingleSpaces(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (!isWhiteSpace(c)) {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  return result.ends_with(' ') ? result.substr(0, result.size() - 1) : result;
}

}  // namespace

BodyExcerpt::BodyExcerpt(const ResponseHead& head) {
  const std::string type = core::lowered(head.field("content-type"));
  const std::string encoding = core::lowered(head.field("content-encoding"));
  const std::string transfer = core::lowered(head.field("transfer-encoding"));
  isHtml_ = type.starts_with("text/html");
  chunked_ = transfer == "chunked";
  left_ = chunked_ ? std::optional<std::uint64_t>(0) : numberOf(head.field("content-length"), 10);
  const bool hasNone = head.status == 204 || head.status == 304 || (!chunked_ && left_ == 0u);
  const bool isCoded = (!transfer.empty() && !chunked_) || (!encoding.empty() && encoding != "identity");
  complete_ = hasNone || isCoded || !isText(type);
}

void BodyExcerpt::feed(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!chunked_) {
    take(text);
    return;
  }
  for (std::size_t at = 0; at < text.size() && !complete_; ++at) {
    feedChunked(text[at]);
  }
}

void BodyExcerpt::feedChunked(char next) {
  if (!inChunkSize_) {
    take({&next, 1});
    if (left_ == 0u) {
      inChunkSize_ = true;
      complete_ = body_.size() >= kMostExcerptBytes;
    }
    return;
  }
  if (next != '\n') {
    chunkSize_ += next;
    complete_ = chunkSize_.size() > kMostExcerptBytes;
    return;
  }
  const std::string size = chunkSize_.substr(0, chunkSize_.find_first_of(";\r \t"));
  const bool endsChunkBefore = size.empty() && !body_.empty();
  if (!endsChunkBefore) {
    left_ = size.size() > kMostSizeDigits ? std::nullopt : numberOf(size, 16);
    complete_ = left_.value_or(0) == 0;
    inChunkSize_ = false;
  }
  chunkSize_.clear();
}

void BodyExcerpt::take(std::string_view bytes) {
  if (complete_) {
    return;
  }
  const std::uint64_t most =
      std::min<std::uint64_t>(left_.value_or(kMostExcerptBytes), kMostExcerptBytes - body_.size());
  const std::string_view taken = bytes.substr(0, static_cast<std::size_t>(most));
  body_ += taken;
  if (left_) {
    *left_ -= taken.size();
  }
  complete_ = body_.size() == kMostExcerptBytes || (!chunked_ && left_ == 0u);
}

std::string BodyExcerpt::text() const {
  return core::oneLine(withSingleSpaces(isHtml_ ? withoutMarkup(body_) : body_), core::kMostQuoted);
}

}  // namespace tidewire::native
