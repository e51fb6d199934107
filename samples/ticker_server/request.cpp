#include "request.hpp"

#include <libwebsockets.h>

#include <algorithm>

namespace ticker {

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
  return found != query.end() ? std::optional<std::string_view>(found->second) : std::nullopt;
}

std::string readHeader(lws* socket, int token) {
  const auto which = static_cast<lws_token_indexes>(token);
  std::string value(static_cast<std::size_t>(std::max(0, lws_hdr_total_length(socket, which))) + 1, '\0');
  const int length = lws_hdr_copy(socket, value.data(), static_cast<int>(value.size()), which);
  value.resize(static_cast<std::size_t>(std::max(0, length)));
  return value;
}

Request readRequest(lws* socket) {
  Request request;
  const bool get = lws_hdr_total_length(socket, WSI_TOKEN_GET_URI) > 0;
  const bool head = lws_hdr_total_length(socket, WSI_TOKEN_HEAD_URI) > 0;
  if (get || head) {
    request.method = get ? Request::Method::Get : Request::Method::Head;
    request.path = readHeader(socket, get ? WSI_TOKEN_GET_URI : WSI_TOKEN_HEAD_URI);
  }
  for (int i = 0; lws_hdr_fragment_length(socket, WSI_TOKEN_HTTP_URI_ARGS, i) > 0; ++i) {
    std::string text(static_cast<std::size_t>(lws_hdr_fragment_length(socket, WSI_TOKEN_HTTP_URI_ARGS, i)) + 1, '\0');
    const int length =
        lws_hdr_copy_fragment(socket, text.data(), static_cast<int>(text.size()), WSI_TOKEN_HTTP_URI_ARGS, i);
    text.resize(static_cast<std::size_t>(std::max(0, length)));
    const std::size_t equals = std::min(text.find('='), text.size());
    request.query.emplace_back(text.substr(0, equals), text.substr(std::min(equals + 1, text.size())));
  }
  return request;
}

}  // namespace ticker
