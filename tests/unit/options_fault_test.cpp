#include "core/options_fault.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/header.hpp"

namespace tidewire::core {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kTenYears = std::chrono::hours(24 * 3652);

Endpoint endpointWith(std::vector<Header> headers) {
  return {.url = "wss://h/", .headers = std::move(headers)};
}

// Every time among the options, under the name that a fault gives it.
std::vector<std::pair<std::string, std::chrono::milliseconds*>> timesOf(Options& options) {
  return {{"connectTimeout", &options.connectTimeout},
          {"closeTimeout", &options.closeTimeout},
          {"heartbeat.interval", &options.heartbeat.interval},
          {"heartbeat.timeout", &options.heartbeat.timeout},
          {"heartbeat.silence", &options.heartbeat.silence},
          {"heartbeat.wakeTimeout", &options.heartbeat.wakeTimeout},
          {"reconnect.firstDelay", &options.reconnect.firstDelay},
          {"reconnect.maxDelay", &options.reconnect.maxDelay},
          {"reconnect.resetAfter", &options.reconnect.resetAfter},
          {"reconnect.maxRetryAfter", &options.reconnect.maxRetryAfter},
          {"sendQueue.maxAge", &options.sendQueue.maxAge}};
}

}  // namespace

TEST_CASE("header: a token with visible characters, blanks or bytes beyond ASCII is a header") {
  CHECK(headerFault("Authorization", "Bearer abc.def-ghi") == "");
  CHECK(headerFault("X-Empty", "") == "");
  CHECK(headerFault("X-Blank", "a b\tc") == "");
  CHECK(headerFault("!#$%&'*+-.^_`|~09azAZ", "x") == "");
  CHECK(headerFault("X-Latin", "caf\xE9") == "");
  CHECK(headerFault("X-Colon", "a: b") == "");
}

TEST_CASE("header: a name that is no token is refused") {
  for (const std::string name : {"", " ", "a b", "a:", ":", "a\r", "a\n", "a\tb", "a(b)", "a@b", "caf\xE9", "a/b"}) {
    CAPTURE(name);
    CHECK(headerFault(name, "x") == "its name is not a token");
  }
  CHECK(headerFault(std::string("a\0b", 3), "x") == "its name is not a token");
}

TEST_CASE("header: a value that could smuggle in a line, or holds any other control character, is refused") {
  for (int c = 0; c < 256; ++c) {
    CAPTURE(c);
    const std::string value = std::string("a").append(1, static_cast<char>(c)).append("b");
    const bool control = (c < 0x20 && c != '\t') || c == 0x7F;
    CHECK(headerFault("X-Name", value).empty() == !control);
  }
  CHECK(headerFault("X-Name", "a\r\nX-Other: b") == "its value holds a line end or another control character");
  CHECK_FALSE(headerFault("X-Name", "\n").empty());
}

TEST_CASE("header: fields of the handshake itself are rejected in any case") {
  for (const std::string name :
       {"Host", "host", "HOST", "Connection", "upgrade", "UPGRADE", "Content-Length", "transfer-Encoding",
        "Sec-WebSocket-Key", "sec-websocket-version", "SEC-WEBSOCKET-EXTENSIONS", "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Accept", "Sec-WebSocket-"}) {
    CAPTURE(name);
    CHECK(headerFault(name, "x") == "the handshake sets it itself");
  }
  for (const std::string name :
       {"Hosts", "X-Host", "Sec-WebSocke", "Sec-WebSocket", "Sec-Fetch-Mode", "Upgrade-Insecure-Requests"}) {
    CAPTURE(name);
    CHECK(headerFault(name, "x") == "");
  }
}

TEST_CASE("options fault: valid options have none") {
  CHECK_FALSE(findFault(Options{}));
  CHECK(findFault(Options{}).text.empty());
  for (const bool shapesRequest : {true, false}) {
    CHECK_FALSE(findFault({.url = "ws://h/", .subprotocols = {"a", "b"}}, shapesRequest));
  }
  CHECK_FALSE(findFault(endpointWith({{"Authorization", "x"}, {"X-Twice", "1"}, {"X-Twice", "2"}}), true));
  CHECK_FALSE(findFault({.url = "ws://user:secret@h/"}, true));
}

TEST_CASE("options fault: a wrong endpoint is the same everywhere, and its field is named") {
  struct Row {
    Endpoint endpoint;
    ConnectResult result;
    std::string field;
  };
  const std::vector<Row> table = {
      {{.url = ""}, ConnectResult::InvalidUrl, "url: "},
      {{.url = "https://h/"}, ConnectResult::InvalidUrl, "url: its scheme"},
      {{.url = "ws://h/ /"}, ConnectResult::InvalidUrl, "url: it holds a character"},
      {{.url = "ws:///"}, ConnectResult::InvalidUrl, "url: its host"},
      {{.url = "ws://h:0/"}, ConnectResult::InvalidUrl, "url: its port"},
      {{.url = "ws://h/#f"}, ConnectResult::InvalidUrl, "url: a fragment"},
      {{.url = "ws://h/", .subprotocols = {"a b"}}, ConnectResult::InvalidSubprotocol, "subprotocols: "},
      {{.url = "ws://h/", .subprotocols = {"a", "a"}}, ConnectResult::InvalidSubprotocol, "subprotocols: "},
      {endpointWith({{"X-Good", "x"}, {"", "x"}}), ConnectResult::InvalidHeader, "headers: its name"},
      {endpointWith({{"Host", "x"}}), ConnectResult::InvalidHeader, "headers: the handshake"},
      {endpointWith({{"X", "a\r\nb: c"}}), ConnectResult::InvalidHeader, "headers: its value"},
  };
  for (const Row& row : table) {
    for (const bool shapesRequest : {true, false}) {
      const OptionsFault found = findFault(row.endpoint, shapesRequest);
      CAPTURE(found.text);
      CHECK(found.result == row.result);
      CHECK(found.text.starts_with(row.field));
    }
  }
}

TEST_CASE("options fault: where the request is not ours, headers and user info are unsupported") {
  const OptionsFault headers = findFault(endpointWith({{"Authorization", "x"}}), false);
  CHECK(headers.result == ConnectResult::Unsupported);
  CHECK(headers.text.starts_with("headers: "));
  const OptionsFault userInfo = findFault({.url = "ws://user@h/"}, false);
  CHECK(userInfo.result == ConnectResult::Unsupported);
  CHECK(userInfo.text.starts_with("url: "));
}

TEST_CASE("options fault: no text contains a possible secret") {
  const OptionsFault found = findFault(endpointWith({{"Authorization", "hunter2\n"}}), true);
  CHECK(found.text.find("hunter2") == std::string::npos);
  CHECK(findFault({.url = "ws://user:hunter2@h/#"}, true).text.find("hunter2") == std::string::npos);
}

TEST_CASE("options fault: a negative time is refused, and named") {
  Options usual;
  for (std::size_t i = 0; i < timesOf(usual).size(); ++i) {
    Options options;
    const auto named = timesOf(options)[i];
    const auto& [name, time] = named;
    CAPTURE(named.first);
    *time = -1ms;
    const OptionsFault found = findFault(options);
    CHECK(found.result == ConnectResult::InvalidOption);
    CHECK(found.text == name + ": a negative time");
    *time = 0ms;
    CHECK_FALSE(findFault(options));
  }
}

TEST_CASE("options fault: of two negative times the first is named") {
  Options options;
  options.heartbeat.timeout = -1ms;
  options.connectTimeout = -1ms;
  CHECK(findFault(options).text == "connectTimeout: a negative time");
}

TEST_CASE("options fault: a final code that no Close frame has is refused, and named") {
  for (const std::uint16_t code : {0, 999, 5000, 65535}) {
    const OptionsFault found = findFault(Options{.reconnect = {.finalCodes = {4001, code}}});
    CHECK(found.result == ConnectResult::InvalidOption);
    CHECK(found.text == "reconnect.finalCodes: an entry is no close code from 1000 to 4999");
  }
  CHECK_FALSE(findFault(Options{.reconnect = {.finalCodes = {1000, 4999}}}));
}

TEST_CASE("options fault: callbacks by executor need one") {
  Options options{.callbacks = Callbacks::Executor};
  CHECK(findFault(options).result == ConnectResult::InvalidOption);
  CHECK(findFault(options).text.starts_with("executor: "));
  options.executor = [](const std::function<void()>&) {};
  CHECK_FALSE(findFault(options));
}

TEST_CASE("options fault: a numbered probe needs a numbered answer, and each has the number once") {
  struct Row {
    std::string message;
    std::string answer;
    std::string field;  // Empty: no fault.
  };
  const std::vector<Row> table = {
      {"", "", ""},
      {"ping", "pong", ""},
      {"{n}", "{n}", ""},
      {"ping {n}", "pong {n}", ""},
      {R"({"op":"ping","id":{n}})", R"({"op":"pong","id":{n}})", ""},
      {"ping { n }", "pong", ""},
      {"ping {n}", "pong", "heartbeat.answer: it needs {n} once"},
      {"ping {n}", "", "heartbeat.answer: it needs {n} once"},
      {"ping {n}", "pong {n} {n}", "heartbeat.answer: it needs {n} once"},
      {"ping", "pong {n}", "heartbeat.answer: it has {n}"},
      {"", "{n}", "heartbeat.answer: it has {n}"},
      {"{n} {n}", "{n} {n}", "heartbeat.message: it has {n} more than once"},
      {"{n}{n}", "pong", "heartbeat.message: it has {n} more than once"},
  };
  for (const Row& row : table) {
    CAPTURE(row.message);
    CAPTURE(row.answer);
    const OptionsFault found = findFault(Options{.heartbeat = {.message = row.message, .answer = row.answer}});
    CHECK(found.result == (row.field.empty() ? ConnectResult::Started : ConnectResult::InvalidOption));
    CHECK(found.text.starts_with(row.field));
  }
}

TEST_CASE("options fault: a session refuses what only a client has a use for, and names it") {
  CHECK_FALSE(findSessionFault({.url = "ws://h/"}, {}));
  struct Row {
    std::string text;
    Options options;
  };
  const std::vector<Row> table = {
      {"subprotocols: a session always offers tidewire.v1", {.subprotocols = {"a"}}},
      {"endpoint: a session calls SessionOptions::token instead", {.endpoint = [](const EndpointRequest&) {}}},
      {"sendQueue: a session is bounded by SessionOptions::outbox instead", {.sendQueue = {.maxBytes = 1}}},
      {"sendQueue: a session is bounded by SessionOptions::outbox instead", {.sendQueue = {.lowWaterBytes = 1}}},
      {"heartbeat.message: a session sends the protocol's own ping", {.heartbeat = {.message = "m", .answer = "a"}}},
      {"heartbeat.answer: a session sends the protocol's own ping", {.heartbeat = {.answer = "a"}}},
      {"heartbeat.silence: a session's server always answers a ping", {.heartbeat = {.silence = 1ms}}},
      {"heartbeat.onWake: a session can always send a ping", {.heartbeat = {.onWake = OnWake::Reconnect}}},
  };
  for (const Row& row : table) {
    const OptionsFault found = findSessionFault(row.options, {});
    CHECK(found.text == row.text);
    CHECK(found.result == ConnectResult::InvalidOption);
    CHECK_FALSE(findFault(row.options));
  }
}

TEST_CASE("options fault: a session's own negative time is refused, and named") {
  const OptionsFault found = findSessionFault({}, {.outbox = {.batchDelay = -1ms}});
  CHECK(found.text == "outbox.batchDelay: a negative time");
  CHECK(found.result == ConnectResult::InvalidOption);
}

TEST_CASE("options fault: a time beyond every clock becomes ten years, and others stay") {
  Options options;
  for (const auto& [name, time] : timesOf(options)) {
    *time = std::chrono::milliseconds::max();
  }
  boundTimes(options);
  for (const auto& named : timesOf(options)) {
    CAPTURE(named.first);
    CHECK(*named.second == kTenYears);
  }
  Options usual;
  boundTimes(usual);
  CHECK(usual.connectTimeout == Options().connectTimeout);
  CHECK(usual.heartbeat.silence == 0ms);
  Options negative{.connectTimeout = -5ms};
  boundTimes(negative);
  CHECK(negative.connectTimeout == -5ms);
}

}  // namespace tidewire::core
