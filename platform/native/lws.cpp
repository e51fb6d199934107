#include "lws.hpp"

#include <mutex>

namespace tidewire::native {

void quietLibwebsockets() {
  static std::once_flag once;
  std::call_once(once, [] {
    constexpr int kDefault = LLL_ERR | LLL_WARN | LLL_NOTICE;
    int levels = 0;
    for (int bit = 0; bit < LLL_COUNT; ++bit) {
      levels |= lwsl_visible(1 << bit) != 0 ? 1 << bit : 0;
    }
    if (levels == kDefault) {
      lws_set_log_level(kDefault & ~LLL_NOTICE, nullptr);
    }
  });
}

}  // namespace tidewire::native
