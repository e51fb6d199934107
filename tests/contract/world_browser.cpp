#include <emscripten.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "glue.hpp"
#include "message_access.hpp"
#include "world.hpp"

// A page cannot start a process, so the program that opened it does: globalThis.tidewireControl takes a command and
// answers with a promise (tests/browser/page/contract.js).
// clang-format off
EM_JS(void, contractControlBegin, (const char* command), {
  globalThis.tidewireControlAnswer = null;
  Promise.resolve(globalThis.tidewireControl(UTF8ToString(command)))
      .then((answer) => { globalThis.tidewireControlAnswer = String(answer); },
            (error) => { globalThis.tidewireControlAnswer = "failed: " + error; });
});
EM_JS(int, contractControlAnswer, (char* answer, int room), {
  if (globalThis.tidewireControlAnswer === null) {
    return 0;
  }
  stringToUTF8(globalThis.tidewireControlAnswer, answer, room);
  return 1;
});
EM_JS(void, contractSetHasWebSocket, (int has), {
  globalThis.tidewireWebSocket = globalThis.tidewireWebSocket || WebSocket;
  globalThis.WebSocket = has ? globalThis.tidewireWebSocket : undefined;
});
// clang-format on

namespace contract {
namespace {

/// The wasm build in a page, a worker or Node, against the real server.
class BrowserWorld final : public World {
 public:
  std::string_view name() const override { return "browser"; }
  void reset() override { base_ = "ws://127.0.0.1:" + control("start"); }
  std::string url(std::string_view path) override { return base_ + std::string(path); }
  std::string peerUrl(std::string_view play) override {
    return "ws://127.0.0.1:" + control("peer") + std::string(play);
  }
  tidewire::Client makeClient(tidewire::Options options) override { return tidewire::Client(std::move(options)); }
  void killServer() override { control("kill"); }
  void restartServer() override { control("restart"); }
  void freezeServer() override { control("freeze"); }
  void continueServer() override { control("continue"); }
  void setHasWebSocket(bool has) override { contractSetHasWebSocket(has ? 1 : 0); }
  tidewire::Message arrived(tidewire::MessageKind kind, std::string_view payload) override {
    const auto slot = kind == tidewire::MessageKind::Text ? tidewire_js_hold_text(payload.data(), payload.size())
                                                          : tidewire_js_hold_bytes(payload.data(), payload.size());
    return tidewire::internal::MessageAccess::ofSlot(kind, slot, payload.size());
  }
  void pump() override { emscripten_sleep(0); }
  std::chrono::milliseconds now() const override {
    return std::chrono::milliseconds(static_cast<long>(emscripten_get_now()));
  }

 private:
  /// "start" and "peer" are answered with a port; each command is done when it is answered.
  std::string control(const std::string& command) {
    contractControlBegin(command.c_str());
    char answer[256];
    while (contractControlAnswer(answer, sizeof answer) == 0) {
      pump();
    }
    if (std::string_view(answer).starts_with("failed")) {
      std::abort();
    }
    return answer;
  }

  std::string base_;
};

}  // namespace

World& world() {
  static BrowserWorld instance;
  return instance;
}

}  // namespace contract
