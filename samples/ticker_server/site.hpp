#pragma once

#include <memory>
#include <optional>
#include <string_view>

struct lws;
struct lws_context;

namespace ticker {

class Connection;
struct Request;

/// The subprotocol that is chosen on a path, if a client offers it.
struct Subprotocol {
  const char* name;
  bool required;  ///< A client has to offer it.
};

/// **The seam for what a `Server` serves**: its WebSocket endpoints, and whatever else runs in its loop.
class Site {
 public:
  /// The server listens. Timers and descriptors of `context` are served while `Server::run` runs.
  virtual void started(lws_context* context) = 0;
  /// `Server::run` is about to end the connections, and then to return. Has to cancel the site's timers.
  virtual void stopping() = 0;

  /// Returns: nothing if no WebSocket can be opened on this path.
  [[nodiscard]] virtual std::optional<Subprotocol> subprotocolOf(std::string_view path) const = 0;
  /// Makes the connection for a request; for a wrong request, one that sends the error and closes with 1008.
  ///
  /// Requires: `subprotocolOf(request.path)` has a value.
  virtual std::unique_ptr<Connection> open(lws* socket, const Request& request) = 0;

 protected:
  ~Site() = default;
};

}  // namespace ticker
