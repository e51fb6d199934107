// A C++ program of a page: receives and sends through the public headers. The page calls the functions below.

#include <emscripten.h>

#include <memory>
#include <string>
#include <tidewire/client.hpp>

namespace {

std::unique_ptr<tidewire::Client> client;
std::string payload;
int left = 0;
int unsent = 0;
int batch = 0;
bool isText = true;

EM_JS(void, opened, (), { Module.onOpened(); });
EM_JS(void, finished, (), { Module.onFinished(); });

void send() {
  const auto result = isText ? client->send(payload) : client->sendBinary(payload);
  if (result != tidewire::SendResult::Queued) {
    emscripten_log(EM_LOG_ERROR, "a message was refused");
  }
}

void onMessage(const tidewire::Message& message) {
  const std::size_t size = message.bytes().size();
  if (batch == 0) {
    if (size == payload.size() && --left == 0) {
      finished();
    }
    return;
  }
  if (size == 4) {  // "done"
    finished();
    return;
  }
  for (int i = 0; i < batch && unsent > 0; ++i, --unsent) {
    send();
  }
}

}  // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE void openClient(const char* url, int bytes, int text) {
  payload.assign(static_cast<std::size_t>(bytes), 'x');
  isText = text != 0;
  client = std::make_unique<tidewire::Client>(tidewire::Options{.url = url});
  client->onOpen([](const tidewire::Opened&) { opened(); });
  client->onMessage(onMessage);
  client->connect();
}

/// Receives so many messages; the server begins when it gets the first one from here.
EMSCRIPTEN_KEEPALIVE void receive(int messages) {
  left = messages;
  batch = 0;
  (void)client->send("go");
}

EMSCRIPTEN_KEEPALIVE void sendBatches(int messages, int messagesOfBatch) {
  unsent = messages;
  batch = messagesOfBatch;
  (void)client->send("go");
}

EMSCRIPTEN_KEEPALIVE void closeClient() {
  client.reset();
}
}
