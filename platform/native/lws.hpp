#pragma once

#include <libwebsockets.h>

namespace tidewire::native {

/// Whoever a libwebsockets connection (a "wsi") belongs to: its opaque user data points to one. A connection without is
/// an orphan: its owner has gone, and `NativeLoop` sees it to its end.
class WsiOwner {
 public:
  /// As a libwebsockets protocol callback; 0 continues.
  virtual int onCallback(lws* wsi, lws_callback_reasons reason, void* in, std::size_t length) = 0;

  /// TLS has looked at one certificate of the peer's chain (`X509_STORE_CTX*`). Returns false to refuse it.
  virtual bool onCertificate(void* storeContext, bool trusted) = 0;

 protected:
  ~WsiOwner() = default;
};

}  // namespace tidewire::native
