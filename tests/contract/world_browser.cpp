#include "glue.hpp"
#include "message_access.hpp"
#include "world_page.hpp"

namespace contract {
namespace {

/// The library in WebAssembly.
class BrowserWorld final : public PageWorld {
 public:
  std::string_view name() const override { return "browser"; }
  tidewire::Session makeSession(tidewire::Options options, tidewire::SessionOptions session) override {
    return tidewire::Session(std::move(options), std::move(session));
  }
  tidewire::Message arrived(tidewire::MessageKind kind, std::string_view payload) override {
    const auto slot = kind == tidewire::MessageKind::Text ? tidewire_js_hold_text(payload.data(), payload.size())
                                                          : tidewire_js_hold_bytes(payload.data(), payload.size());
    return tidewire::internal::MessageAccess::ofSlot(kind, slot, payload.size());
  }
};

}  // namespace

World& world() {
  static BrowserWorld instance;
  return instance;
}

}  // namespace contract
