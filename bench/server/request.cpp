#include "request.hpp"

#include <openssl/evp.h>
#include <strings.h>

#include <array>

namespace bench {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

/// Cuts `text` at `mark` and returns what was before it.
std::string_view cut(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  const std::string_view before = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return before;
}

bool isNamed(std::string_view field, std::string_view name) {
  return field.size() == name.size() && strncasecmp(field.data(), name.data(), name.size()) == 0;
}

std::string acceptOf(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::array<unsigned char, 64> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

}  // namespace

Request::Request(std::string_view head) {
  std::string_view line = cut(head, '\n');
  cut(line, ' ');
  std::string_view target = cut(line, ' ');
  path_ = cut(target, '?');
  while (!target.empty()) {
    std::string_view value = cut(target, '&');
    const std::string name(cut(value, '='));
    query_[name] = value;
  }
  while (!head.empty()) {
    std::string_view value = cut(head, '\n');
    const std::string_view name = cut(value, ':');
    if (isNamed(name, "Sec-WebSocket-Key")) {
      key_ = trimmed(value);
    } else if (isNamed(name, "Sec-WebSocket-Protocol")) {
      protocol_ = trimmed(cut(value, ','));
    }
  }
}

std::size_t Request::number(const std::string& name, std::size_t otherwise) const {
  const auto found = query_.find(name);
  return found == query_.end() ? otherwise : std::stoull(found->second);
}

std::string Request::answer() const {
  std::string text =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
      acceptOf(key_) + "\r\n";
  if (!protocol_.empty()) {
    text += "Sec-WebSocket-Protocol: " + protocol_ + "\r\n";
  }
  return text + "\r\n";
}

}  // namespace bench
