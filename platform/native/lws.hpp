#pragma once

#include <libwebsockets.h>

namespace tidewire::native {

/// Keeps libwebsockets from noting each connection on standard error where its log level was not set: takes NOTICE
/// from the default level. A level that the application has set stays, and so does its function. Once for the process.
void quietLibwebsockets();

/// Owner of a libwebsockets connection (a "wsi"), whose opaque user data points to it. A connection without one is an
/// orphan: `NativeLoop` ends it.
class WsiOwner {
 public:
  /// As a libwebsockets protocol callback; 0 continues.
  virtual int onCallback(lws* wsi, lws_callback_reasons reason, void* in, std::size_t length) = 0;

 protected:
  ~WsiOwner() = default;
};

}  // namespace tidewire::native
