#pragma once

#include <libwebsockets.h>

namespace tidewire::native {

/// Removes NOTICE from libwebsockets' default log level, so that it does not log each connection to standard error. A
/// level set by the application stays, and so does its function. Once for the process.
void quietLibwebsockets();

/// Owner of a libwebsockets connection (a "wsi"), whose opaque user data points to it. A connection without one is an
/// orphan: `NativeLoop` ends it.
class WsiOwner {
 public:
  /// The socket may take more.
  virtual void wsiWritable() = 0;
  /// libwebsockets closes the connection; no call follows.
  virtual void wsiClosed() = 0;

 protected:
  ~WsiOwner() = default;
};

}  // namespace tidewire::native
