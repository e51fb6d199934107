#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace bench {

/// The opening handshake of a client: `GET /path?name=value&... HTTP/1.1`.
class Request {
 public:
  explicit Request(std::string_view head);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::size_t number(const std::string& name, std::size_t otherwise) const;
  [[nodiscard]] bool has(const std::string& name) const { return query_.count(name) != 0; }
  /// The answer that opens the connection. The first offered subprotocol is taken.
  [[nodiscard]] std::string answer() const;

 private:
  std::string path_;
  std::map<std::string, std::string> query_;
  std::string key_;
  std::string protocol_;
};

}  // namespace bench
