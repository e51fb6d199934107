// What is wrong with an option has one text, in C++ and in JavaScript: tests/vectors/options.json. The same vectors run
// in tests/browser/binding_options.test.mjs.

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/options_fault.hpp"

namespace tidewire::core {
namespace {

using Json = nlohmann::ordered_json;

struct Given {
  Options options;
  SessionOptions session;
};

using Setter = std::function<void(Given&, const Json&)>;

template <class Member>
Setter time(Member member) {
  return [member](Given& given, const Json& value) { member(given) = std::chrono::milliseconds(value.get<int>()); };
}

/// How what a vector names is set.
const std::map<std::string, Setter>& setters() {
  static const std::map<std::string, Setter> all = {
      {"connectTimeout", time([](Given & given) -> auto& { return given.options.connectTimeout; })},
      {"closeTimeout", time([](Given & given) -> auto& { return given.options.closeTimeout; })},
      {"heartbeat.interval", time([](Given & given) -> auto& { return given.options.heartbeat.interval; })},
      {"heartbeat.timeout", time([](Given & given) -> auto& { return given.options.heartbeat.timeout; })},
      {"heartbeat.silence", time([](Given & given) -> auto& { return given.options.heartbeat.silence; })},
      {"heartbeat.wakeTimeout", time([](Given & given) -> auto& { return given.options.heartbeat.wakeTimeout; })},
      {"reconnect.firstDelay", time([](Given & given) -> auto& { return given.options.reconnect.firstDelay; })},
      {"reconnect.maxDelay", time([](Given & given) -> auto& { return given.options.reconnect.maxDelay; })},
      {"reconnect.resetAfter", time([](Given & given) -> auto& { return given.options.reconnect.resetAfter; })},
      {"sendQueue.maxAge", time([](Given & given) -> auto& { return given.options.sendQueue.maxAge; })},
      {"outbox.batchDelay", time([](Given & given) -> auto& { return given.session.outbox.batchDelay; })},
      {"heartbeat.message",
       [](Given& given, const Json& value) { given.options.heartbeat.message = value.get<std::string>(); }},
      {"heartbeat.answer",
       [](Given& given, const Json& value) { given.options.heartbeat.answer = value.get<std::string>(); }},
      {"subprotocols",
       [](Given& given, const Json& value) { given.options.subprotocols = value.get<std::vector<std::string>>(); }},
      {"reconnect.finalCodes",
       [](Given& given, const Json& value) {
         given.options.reconnect.finalCodes = value.get<std::vector<std::uint16_t>>();
       }},
  };
  return all;
}

void apply(Given& given, const Json& options, const std::string& before) {
  for (const auto& [key, value] : options.items()) {
    if (value.is_object()) {
      apply(given, value, before + key + '.');
    } else {
      REQUIRE(setters().contains(before + key));
      setters().at(before + key)(given, value);
    }
  }
}

// In the order of ClientShared::fault, in a page.
OptionsFault faultOf(const Given& given, bool isSession) {
  if (isSession) {
    if (OptionsFault found = findSessionFault(given.options, given.session)) {
      return found;
    }
  }
  if (OptionsFault found = findFault(given.options)) {
    return found;
  }
  return findFault({.url = given.options.url, .subprotocols = given.options.subprotocols}, false);
}

}  // namespace

TEST_CASE("options fault: each vector has its text") {
  std::ifstream file(TIDEWIRE_SOURCE_DIR "/tests/vectors/options.json");
  const Json vectors = Json::parse(file, nullptr, false);
  REQUIRE(vectors.is_array());
  CHECK(vectors.size() > 40);
  for (const Json& vector : vectors) {
    CAPTURE(vector.dump());
    Given given;
    given.options.url = vector.value("url", "ws://h.example/");
    apply(given, vector["options"], "");
    const OptionsFault found = faultOf(given, vector["class"] == "Session");
    CHECK(found.text == vector["text"].get<std::string>());
    CHECK((found.result == ConnectResult::Started) == found.text.empty());
  }
}

}  // namespace tidewire::core
