#include "javascript/calls.hpp"

#include <emscripten.h>

#include <cstdlib>
#include <map>
#include <utility>

// What JavaScript returns is a text in memory of malloc, which the caller frees.
// clang-format off
EM_JS(void, contractSetUp, (), {
  globalThis.contractClients = new Map();
  globalThis.contractText = (text) => {
    const room = lengthBytesUTF8(text) + 1;
    const pointer = _malloc(room);
    stringToUTF8(text, pointer, room);
    return pointer;
  };
});
EM_JS(char*, contractNew, (int id, const char* url, const char* options, int hasEndpoint, int hasSink), {
  const report = (name, type, value) => {
    const texts = [type, JSON.stringify(value)].map(contractText);
    Module["_" + name](id, ...texts);
    texts.forEach((text) => _free(text));
  };
  const given = JSON.parse(UTF8ToString(options));
  const record = { client: null, answers: new Map() };
  globalThis.contractClients.set(id, record);
  if (hasEndpoint) {
    given.endpoint = (request) => new Promise((answer, fail) => {
      record.answers.set(request.attempt, { answer, fail });
      report("contractOnCall", "endpoint", request);
    });
  }
  if (hasSink) {
    given.log.sink = (line) => report("contractOnCall", "log", line);
  }
  try {
    record.client = new Tidewire.Client(UTF8ToString(url) || (hasEndpoint ? null : ""), given);
  } catch (error) {
    return contractText(error.message);
  }
  for (const type of ["open", "close", "statechange", "heartbeat", "dropped", "drain"]) {
    record.client.addEventListener(type, (event) => report("contractOnEvent", type, Object.assign({}, event)));
  }
  record.client.addEventListener("message", ({ data }) => {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
    const pointer = _malloc(bytes.length + 1);
    HEAPU8.set(bytes, pointer);
    Module["_contractOnMessage"](id, typeof data === "string" ? 1 : 0, pointer, bytes.length);
    _free(pointer);
  });
  return contractText("");
});
EM_JS(void, contractDispose, (int id), {
  const record = globalThis.contractClients.get(id);
  globalThis.contractClients.delete(id);
  if (record.client) {
    record.client.dispose();
  }
});
EM_JS(char*, contractCall, (int id, const char* method, const char* given), {
  const { client } = globalThis.contractClients.get(id);
  const member = client[UTF8ToString(method)];
  let result = member;
  try {
    if (typeof member === "function") {
      result = member.apply(client, JSON.parse(UTF8ToString(given)));
    }
  } catch (error) {
    result = { thrown: error.message };
  }
  return contractText(JSON.stringify(result === undefined ? null : result));
});
EM_JS(char*, contractSend, (int id, int isText, const char* bytes, int length, const char* options), {
  const { client } = globalThis.contractClients.get(id);
  const view = HEAPU8.slice(bytes, bytes + length);
  const payload = isText ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(view) : view;
  return contractText(JSON.stringify(client.send(payload, JSON.parse(UTF8ToString(options)))));
});
EM_JS(void, contractAnswer, (int id, double attempt, const char* endpoint), {
  globalThis.contractClients.get(id).answers.get(attempt).answer(JSON.parse(UTF8ToString(endpoint)));
});
EM_JS(void, contractFail, (int id, double attempt, const char* why), {
  globalThis.contractClients.get(id).answers.get(attempt).fail(new Error(UTF8ToString(why)));
});
// clang-format on

namespace contract::javascript {
namespace {

std::map<int, const Listener*>& listeners() {
  static std::map<int, const Listener*> all;
  return all;
}

int add(const Listener& listener) {
  static int last = 0;
  if (last == 0) {
    contractSetUp();
  }
  listeners().emplace(++last, &listener);
  return last;
}

/// A copy, since what it calls may end the client.
Listener listenerOf(int id) {
  const auto found = listeners().find(id);
  return found == listeners().end() ? Listener{} : *found->second;
}

std::string take(char* text) {
  std::string copy(text);
  std::free(text);
  return copy;
}

}  // namespace

Client::Client(const std::string& url, const Json& options, const Listener& listener) : id_(add(listener)) {
  fault_ = take(contractNew(id_, url.c_str(), options.dump().c_str(), listener.endpoint ? 1 : 0, listener.log ? 1 : 0));
}

Client::~Client() {
  listeners().erase(id_);
  contractDispose(id_);
}

Json Client::call(std::string_view method, const Json& arguments) const {
  return Json::parse(take(contractCall(id_, std::string(method).c_str(), arguments.dump().c_str())));
}

Json Client::send(tidewire::MessageKind kind, std::string_view payload, const Json& options) const {
  const int isText = kind == tidewire::MessageKind::Text ? 1 : 0;
  return Json::parse(
      take(contractSend(id_, isText, payload.data(), static_cast<int>(payload.size()), options.dump().c_str())));
}

void Client::answer(std::uint64_t attempt, const Json& endpoint) const {
  contractAnswer(id_, static_cast<double>(attempt), endpoint.dump().c_str());
}

void Client::fail(std::uint64_t attempt, std::string_view why) const {
  contractFail(id_, static_cast<double>(attempt), std::string(why).c_str());
}

}  // namespace contract::javascript

using contract::javascript::Json;
using contract::javascript::listenerOf;

extern "C" {

EMSCRIPTEN_KEEPALIVE void contractOnEvent(int id, const char* type, const char* event) {
  if (const auto listener = listenerOf(id); listener.event) {
    listener.event(type, Json::parse(event));
  }
}

EMSCRIPTEN_KEEPALIVE void contractOnCall(int id, const char* name, const char* argument) {
  const auto listener = listenerOf(id);
  const auto& called = std::string_view(name) == "log" ? listener.log : listener.endpoint;
  if (called) {
    called(Json::parse(argument));
  }
}

EMSCRIPTEN_KEEPALIVE void contractOnMessage(int id, int isText, const char* payload, int length) {
  if (const auto listener = listenerOf(id); listener.message) {
    listener.message(isText != 0 ? tidewire::MessageKind::Text : tidewire::MessageKind::Binary,
                     {payload, static_cast<std::size_t>(length)});
  }
}
}
