#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ticker {

/// Who may come, by the headers that a browser sends whether the page likes it or not: no page of somebody else's may
/// use this server in the name of the browser's user, who may be the only one that reaches it.
class Admission {
 public:
  struct Settings {
    std::string host;                         ///< What is listened on; as a name of this server it is good.
    std::vector<std::string> allowedHosts;    ///< More names of this server.
    std::vector<std::string> allowedOrigins;  ///< "*" stands for every one.
  };

  explicit Admission(Settings settings) : settings_(std::move(settings)) {}

  /// Whether a `Host` header names this server. An address always does, and so does what is local. Another name may be
  /// one that its owner has turned to our address after his page was loaded ("DNS rebinding"), so that it is of the
  /// same origin. None at all is no browser's.
  [[nodiscard]] bool takesHost(std::string_view host) const;

  /// Whether a page of this origin may open a WebSocket, to which the rule of the same origin does not apply in
  /// browsers (RFC 6454; RFC 6455 section 10.2). None at all is no browser's.
  [[nodiscard]] bool takesOrigin(std::string_view origin, std::string_view host) const;

 private:
  Settings settings_;
};

/// For the command line: whether a text can be an origin to allow, "*" and "null" among them.
bool isOrigin(std::string_view text);
/// And whether it can be a host, without a port.
bool isHostName(std::string_view text);

}  // namespace ticker
