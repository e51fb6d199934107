#pragma once

#include <memory>
#include <string_view>

struct lws;

namespace ticker {

class Connection;
class Market;
struct Request;

/// Whether a WebSocket may be opened on this path.
bool isEndpoint(std::string_view path);

/// Makes the connection that a request asks for; for a request that is wrong, one that says so and closes with 1008.
///
/// Requires: `isEndpoint(request.path)`; `market` outlives the connection.
std::unique_ptr<Connection> openEndpoint(lws* socket, const Request& request, Market& market);

}  // namespace ticker
