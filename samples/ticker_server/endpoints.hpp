#pragma once

#include <memory>
#include <string_view>

struct lws;

namespace ticker {

class Connection;
class Market;
struct Request;

namespace stream {
class Service;
}

/// What connections are served from.
struct Backends {
  Market& market;
  stream::Service& stream;
};

/// Whether a WebSocket may be opened on this path.
bool isEndpoint(std::string_view path);

/// The subprotocol that is chosen on a path, if a client offers it.
struct Subprotocol {
  const char* name;
  bool required;  ///< A client has to offer it.
};

/// Requires: `isEndpoint(path)`.
Subprotocol subprotocolOf(std::string_view path);

/// Makes the connection that a request asks for; for a request that is wrong, one that says so and closes with 1008.
///
/// Requires: `isEndpoint(request.path)`; what `backends` refers to outlives the connection.
std::unique_ptr<Connection> openEndpoint(lws* socket, const Request& request, const Backends& backends);

}  // namespace ticker
