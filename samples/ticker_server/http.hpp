#pragma once

struct lws;

namespace ticker {

class Admission;
class Site;
class WebFolder;

/// Answers a plain HTTP request with a file of `folder`; without a folder, "/" is a short text.
///
/// Returns: what the libwebsockets callback shall return.
int serveHttp(lws* socket, const Admission& admission, const WebFolder* folder);

/// Answers a WebSocket handshake with an error if it is not one that this server accepts.
///
/// Returns: what the libwebsockets callback shall return: 0 to go on with the handshake.
int checkUpgrade(lws* socket, const Admission& admission, const Site& site);

}  // namespace ticker
