#include "world_page.hpp"

#include <emscripten.h>

#include <cstdlib>

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

void PageWorld::setHasWebSocket(bool has) {
  contractSetHasWebSocket(has ? 1 : 0);
}

void PageWorld::pump() {
  emscripten_sleep(0);
}

std::chrono::milliseconds PageWorld::now() const {
  return std::chrono::milliseconds(static_cast<long>(emscripten_get_now()));
}

std::string PageWorld::control(const std::string& command) {
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

}  // namespace contract
