#include "rfc6455/handshake.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <system_error>

#include "core/ascii.hpp"
#include "core/one_line.hpp"

namespace tidewire::native {
namespace {

// More than this is not meant: no server knows what will be in a year.
constexpr std::chrono::hours kLongestWait(24 * 365);
// Without headers of the application.
constexpr std::size_t kUsualRequestBytes = 256;
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

std::string base64(std::span<const unsigned char> bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3), '\0');
  // EVP_EncodeBlock writes a NUL behind the text, where std::string already keeps one.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), static_cast<int>(bytes.size()));
  return text;
}

std::span<const unsigned char> asOctets(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

using core::equalsIgnoringCase;
using core::trimmed;

bool listHolds(std::string_view list, std::string_view token) {
  while (true) {
    const std::size_t comma = list.find(',');
    if (equalsIgnoringCase(trimmed(list.substr(0, comma)), token)) {
      return true;
    }
    if (comma == std::string_view::npos) {
      return false;
    }
    list.remove_prefix(comma + 1);
  }
}

unsigned hexValue(char c) {
  return static_cast<unsigned>(c <= '9' ? c - '0' : core::toLower(c) - 'a' + 10);
}

// The parser has made sure that every percent sign has its two digits.
std::string percentDecoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      decoded += static_cast<char>(hexValue(text[i + 1]) << 4 | hexValue(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// RFC 7617: a user without a password has an empty one.
std::string basicCredentials(std::string_view userInfo) {
  std::string credentials = percentDecoded(userInfo);
  if (userInfo.find(':') == std::string_view::npos) {
    credentials += ':';
  }
  return base64(asOctets(credentials));
}

std::string joined(std::span<const std::string> names) {
  std::string list;
  for (const std::string& name : names) {
    list += (list.empty() ? "" : ", ") + name;
  }
  return list;
}

void addHeader(std::string& request, std::string_view name, std::string_view value) {
  request.append(name).append(": ").append(value).append("\r\n");
}

bool parseNumber(std::string_view text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0;
}

/// As HTTP senders have to write a date (RFC 7231 section 7.1.1.1): "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<core::WallTime> parseDate(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const std::size_t month = kMonths.find(text.substr(8, 3));
  int day = 0;
  int year = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (month == std::string_view::npos || month % 3 != 0 || !parseNumber(text.substr(5, 2), day) ||
      !parseNumber(text.substr(12, 4), year) || !parseNumber(text.substr(17, 2), hour) ||
      !parseNumber(text.substr(20, 2), minute) || !parseNumber(text.substr(23, 2), second)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace

std::string makeKey(std::span<const std::byte, kNonceBytes> nonce) {
  return base64({reinterpret_cast<const unsigned char*>(nonce.data()), nonce.size()});
}

std::string acceptFor(std::string_view key) {
  // Fetched once: `EVP_sha1()` is looked up anew for each digest, which costs as much as the digest itself.
  static EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  const std::string text = std::string(key).append(kGuid);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest = {};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, sha1, nullptr);
  return base64(std::span(digest).first(size));
}

std::string handshakeRequest(const core::Url& url, std::span<const std::string> subprotocols,
                             std::span<const Header> headers, std::string_view key) {
  std::string request;
  request.reserve(kUsualRequestBytes + url.target.size());
  request.append("GET ").append(url.target).append(" HTTP/1.1\r\n");
  addHeader(request, "Host", url.hostHeader);
  addHeader(request, "Upgrade", "websocket");
  addHeader(request, "Connection", "Upgrade");
  addHeader(request, "Sec-WebSocket-Key", key);
  addHeader(request, "Sec-WebSocket-Version", "13");
  if (!subprotocols.empty()) {
    addHeader(request, "Sec-WebSocket-Protocol", joined(subprotocols));
  }
  bool authorized = false;
  for (const Header& header : headers) {
    addHeader(request, header.name, header.value);
    authorized = authorized || equalsIgnoringCase(header.name, "authorization");
  }
  // Neither a user nor a password: browsers send nothing then.
  const bool hasCredentials = !url.userInfo.empty() && url.userInfo != ":";
  if (hasCredentials && !authorized) {
    addHeader(request, "Authorization", "Basic " + basicCredentials(url.userInfo));
  }
  return request += "\r\n";
}

std::string checkAnswer(const HandshakeAnswer& answer, std::string_view key, std::span<const std::string> offered) {
  if (answer.status != 101) {
    return "the server did not answer with 101 Switching Protocols";
  }
  if (!equalsIgnoringCase(trimmed(answer.upgrade), "websocket")) {
    return "the server's answer 101 lacks \"Upgrade: websocket\"";
  }
  if (!listHolds(answer.connection, "upgrade")) {
    return "the server's answer 101 lacks \"Connection: Upgrade\"";
  }
  if (answer.accept.find(',') != std::string::npos) {
    return "the server sent more than one Sec-WebSocket-Accept";
  }
  if (trimmed(answer.accept) != acceptFor(key)) {
    return "the server's Sec-WebSocket-Accept does not match the key that was sent";
  }
  if (!answer.extensions.empty()) {
    return "the server chose the extension " + core::inQuotes(answer.extensions) + ", and none was offered";
  }
  if (offered.empty() && !answer.subprotocol.empty()) {
    return "the server chose the subprotocol " + core::inQuotes(answer.subprotocol) + ", and none was offered";
  }
  if (!offered.empty() && answer.subprotocol.empty()) {
    return "the server chose none of the subprotocols that were offered: " +
           core::oneLine(joined(offered), core::kMostQuoted);
  }
  if (!offered.empty() && std::ranges::find(offered, trimmed(answer.subprotocol)) == offered.end()) {
    return "the server chose the subprotocol " + core::inQuotes(answer.subprotocol) +
           ", which was not among those offered: " + core::oneLine(joined(offered), core::kMostQuoted);
  }
  return {};
}

std::optional<core::Duration> retryAfter(const HandshakeAnswer& answer, core::WallTime wall) {
  if (answer.status != 429 && answer.status != 503) {
    return std::nullopt;
  }
  const std::string_view text = trimmed(answer.retryAfter);
  if (text.size() > 0 && text.find_first_not_of("0123456789") == std::string_view::npos) {
    int seconds = 0;
    return parseNumber(text, seconds) ? std::min<core::Duration>(std::chrono::seconds(seconds), kLongestWait)
                                      : kLongestWait;
  }
  const std::optional<core::WallTime> until = parseDate(text);
  if (!until) {
    return std::nullopt;
  }
  const core::WallTime from = parseDate(trimmed(answer.date)).value_or(wall);
  return std::clamp<core::WallTime>(*until - from, core::WallTime::zero(), kLongestWait);
}

}  // namespace tidewire::native
