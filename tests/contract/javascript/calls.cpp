#include "javascript/calls.hpp"

#include <emscripten.h>

#include <cstdlib>
#include <map>
#include <utility>

// What JavaScript returns is a text in memory of malloc, which the caller frees.
// clang-format off
EM_JS(void, contractSetUp, (), {
  globalThis.contractObjects = new Map();
  globalThis.contractText = (text) => {
    const room = lengthBytesUTF8(text) + 1;
    const pointer = _malloc(room);
    stringToUTF8(text, pointer, room);
    return pointer;
  };
  globalThis.contractReport = (id, name, type, value) => {
    const texts = [type, JSON.stringify(value)].map(contractText);
    Module["_" + name](id, ...texts);
    texts.forEach((text) => _free(text));
  };
  // What an event or an answer has may be those of an error, which are not its own.
  globalThis.contractPlain = (value) => {
    const plain = Object.assign({}, value);
    if (plain.error) {
      plain.error = { code: plain.error.code, message: plain.error.message, temporary: plain.error.temporary };
    }
    return plain;
  };
  globalThis.contractListen = (id, target, types) => {
    for (const type of types) {
      target.addEventListener(type, (event) => contractReport(id, "contractOnEvent", type, contractPlain(event)));
    }
  };
});
EM_JS(char*, contractNew, (int id, const char* url, const char* options, int hasEndpoint, int hasSink), {
  const given = JSON.parse(UTF8ToString(options));
  const record = { target: null, answers: new Map() };
  globalThis.contractObjects.set(id, record);
  if (hasEndpoint) {
    given.endpoint = (request) => new Promise((answer, fail) => {
      record.answers.set(request.attempt, { answer, fail });
      contractReport(id, "contractOnCall", "endpoint", request);
    });
  }
  if (hasSink) {
    given.log.sink = (line) => contractReport(id, "contractOnCall", "log", line);
  }
  try {
    record.target = new Tidewire.Client(UTF8ToString(url) || (hasEndpoint ? null : ""), given);
  } catch (error) {
    return contractText(error.message);
  }
  contractListen(id, record.target, ["open", "close", "statechange", "heartbeat", "dropped", "drain"]);
  record.target.addEventListener("message", ({ data }) => {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
    const pointer = _malloc(bytes.length + 1);
    HEAPU8.set(bytes, pointer);
    Module["_contractOnMessage"](id, typeof data === "string" ? 1 : 0, pointer, bytes.length);
    _free(pointer);
  });
  return contractText("");
});
EM_JS(char*, contractNewSession, (int id, const char* url, const char* options), {
  const record = { target: null };
  globalThis.contractObjects.set(id, record);
  try {
    record.target = new Tidewire.Session(UTF8ToString(url), JSON.parse(UTF8ToString(options)));
  } catch (error) {
    return contractText(error.message);
  }
  contractListen(id, record.target, ["open", "close", "statechange", "heartbeat", "error"]);
  return contractText("");
});
EM_JS(void, contractSubscribe, (int id, int session, const char* channel, const char* options), {
  const { target } = globalThis.contractObjects.get(session);
  const subscription = target.subscribe(UTF8ToString(channel), JSON.parse(UTF8ToString(options)));
  globalThis.contractObjects.set(id, { target: subscription });
  contractListen(id, subscription, ["event", "gap", "subscribed", "end"]);
});
EM_JS(void, contractCallAsync, (int id, double call, const char* method, const char* given), {
  const { target } = globalThis.contractObjects.get(id);
  const settled = (result) => contractReport(id, "contractOnCall", "settled", Object.assign({ call }, result));
  target[UTF8ToString(method)].apply(target, JSON.parse(UTF8ToString(given))).then(
      (value) => settled({ value: contractPlain(value) }),
      (error) => settled(contractPlain({ error })));
});
EM_JS(void, contractEnd, (int id, const char* method), {
  const { target } = globalThis.contractObjects.get(id);
  globalThis.contractObjects.delete(id);
  if (target) {
    target[UTF8ToString(method)]();
  }
});
EM_JS(char*, contractCall, (int id, const char* method, const char* given), {
  const { target } = globalThis.contractObjects.get(id);
  const member = target[UTF8ToString(method)];
  let result = member;
  try {
    if (typeof member === "function") {
      result = member.apply(target, JSON.parse(UTF8ToString(given)));
    }
  } catch (error) {
    result = { thrown: error.message };
  }
  return contractText(JSON.stringify(result === undefined ? null : result));
});
EM_JS(char*, contractSend, (int id, int isText, const char* bytes, int length, const char* options), {
  const { target } = globalThis.contractObjects.get(id);
  const view = HEAPU8.slice(bytes, bytes + length);
  const payload = isText ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(view) : view;
  return contractText(JSON.stringify(target.send(payload, JSON.parse(UTF8ToString(options)))));
});
EM_JS(void, contractAnswer, (int id, double attempt, const char* endpoint), {
  globalThis.contractObjects.get(id).answers.get(attempt).answer(JSON.parse(UTF8ToString(endpoint)));
});
EM_JS(void, contractFail, (int id, double attempt, const char* why), {
  globalThis.contractObjects.get(id).answers.get(attempt).fail(new Error(UTF8ToString(why)));
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

Object::Object(const Listener& listener, const char* end) : id_(add(listener)), end_(end) {}

Object::~Object() {
  listeners().erase(id_);
  contractEnd(id_, end_);
}

Json Object::call(std::string_view method, const Json& arguments) const {
  return Json::parse(take(contractCall(id_, std::string(method).c_str(), arguments.dump().c_str())));
}

Client::Client(const std::string& url, const Json& options, const Listener& listener) : Object(listener, "dispose") {
  fault_ = take(contractNew(id_, url.c_str(), options.dump().c_str(), listener.endpoint ? 1 : 0, listener.log ? 1 : 0));
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

Session::Session(const std::string& url, const Json& options, const Listener& listener) : Object(listener, "dispose") {
  fault_ = take(contractNewSession(id_, url.c_str(), options.dump().c_str()));
}

void Session::callAsync(std::uint64_t call, std::string_view method, const Json& arguments) const {
  contractCallAsync(id_, static_cast<double>(call), std::string(method).c_str(), arguments.dump().c_str());
}

Subscription::Subscription(const Session& session, std::string_view channel, const Json& options,
                           const Listener& listener)
    : Object(listener, "unsubscribe") {
  contractSubscribe(id_, session.id_, std::string(channel).c_str(), options.dump().c_str());
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
  const std::string_view which = name;
  const auto& called = which == "log" ? listener.log : which == "settled" ? listener.settled : listener.endpoint;
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
