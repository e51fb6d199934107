#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct lws;

namespace ticker {

/// What an HTTP request asks for; libwebsockets has percent-decoded it.
struct Request {
  enum class Method { Get, Head, Other };

  Method method = Method::Other;
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;

  /// The first query parameter of that name.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

/// Reads the request while libwebsockets still has its headers.
Request readRequest(lws* socket);

/// One header of the request, empty if it is absent. `token` is one of libwebsockets' `WSI_TOKEN_...`.
std::string readHeader(lws* socket, int token);

}  // namespace ticker
