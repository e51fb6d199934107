#include <cstdlib>
#include <utility>

#include "world_page.hpp"

namespace contract {
namespace {

/// The npm package.
class JavaScriptWorld final : public PageWorld {
 public:
  [[nodiscard]] std::string_view name() const override { return "npm"; }
  [[nodiscard]] tidewire::Session makeSession(tidewire::Options options, tidewire::SessionOptions session) override {
    return tidewire::Session(std::move(options), std::move(session));
  }
  // For tests that are not compiled for it.
  [[nodiscard]] tidewire::Message arrived(tidewire::MessageKind, std::string_view) override { std::abort(); }
};

}  // namespace

World& world() {
  static JavaScriptWorld instance;
  return instance;
}

}  // namespace contract
