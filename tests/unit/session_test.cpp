#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "manual_session.hpp"

namespace tidewire::internal::test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("session: connecting lasts until welcome, and its timeout with it") {
  ManualSession test({.connectTimeout = 2s});
  test.greet();
  CHECK(test.hasSent(R"("op":"hello")"));
  CHECK(test.session().state() == State::Connecting);
  test.loop().passAndTurn(2s);
  REQUIRE(test.closes.size() == 1);
  CHECK(test.closes[0].cause == CloseCause::ConnectTimeout);
  CHECK_FALSE(test.closes[0].wasOpen);
}

TEST_CASE("session: a server that breaks the protocol is left with 4000, and tried again") {
  for (const char* broken : {"[]", R"({"op":"event"})", R"({"op":"welcome","v":1,"resumed":false,"now":1})"}) {
    CAPTURE(broken);
    ManualSession test;
    test.open();
    test.transport().receive(broken);
    CHECK(test.transport().left() == 4000);
    test.loop().turn();
    REQUIRE(test.closes.size() == 1);
    CHECK(test.closes[0].cause == CloseCause::ProtocolError);
    CHECK(test.closes[0].code == 4000);
    CHECK(test.closes[0].willRetry);
  }
}

TEST_CASE("session: nothing may come before welcome") {
  ManualSession test;
  test.greet();
  test.transport().receive(R"({"op":"pong","t":1,"now":1})");
  CHECK(test.transport().left() == 4000);
}

TEST_CASE("session: after some close codes it is pointless to go on") {
  const std::pair<std::uint16_t, bool> codes[] = {{4000, true},  {4001, true}, {4002, false}, {4003, false},
                                                  {4004, false}, {4005, true}, {4006, true},  {1001, true}};
  for (const auto& closing : codes) {
    const auto& [code, again] = closing;
    CAPTURE(closing.first);
    ManualSession test;
    test.open();
    test.endedByPeer(code);
    REQUIRE(test.closes.size() == 1);
    CHECK(test.closes[0].willRetry == again);
  }
}

TEST_CASE("session: the token function is called before each attempt, and once more when its token has expired") {
  std::vector<std::string> refusals;
  ManualSession test({}, {.token = [&refusals](const TokenRequest& request) {
                       refusals.push_back(request.refusal() ? request.refusal()->code : "");
                       request.answer("token " + std::to_string(refusals.size()));
                     }});
  test.greet();
  CHECK(test.hasSent(R"("token":"token 1")"));
  test.hear(R"({"op":"error","code":"token-expired"})");
  test.endedByPeer(4002);
  CHECK(test.closes.back().willRetry);
  test.retry();
  test.succeed();
  CHECK(test.hasSent(R"("token":"token 2")"));
  test.hear(R"({"op":"error","code":"token-expired"})");
  test.endedByPeer(4002);
  CHECK_FALSE(test.closes.back().willRetry);
  CHECK(refusals == std::vector<std::string>{"", "token-expired"});
  CHECK(test.errors == std::vector<std::string>{"token-expired", "token-expired"});
}

TEST_CASE("session: a token that authenticate() brought goes with every hello from there on") {
  ManualSession test;
  test.open();
  CHECK_FALSE(test.hasSent("token"));
  CHECK(test.session().authenticate("fresh") == CallResult::Queued);
  test.loop().turn();
  CHECK(test.hasSent(R"({"op":"auth","id":1,"token":"fresh"})"));
  for (int reconnect = 0; reconnect < 2; ++reconnect) {
    test.endedByPeer(1001);
    test.retry();
    test.succeed();
    CHECK(test.hasSent(R"("op":"hello")"));
    CHECK(test.hasSent(R"("token":"fresh"})"));
    CHECK_FALSE(test.hasSent(R"("op":"auth")"));
  }
}

TEST_CASE("session: the token function takes precedence over authenticate()") {
  ManualSession test({}, {.token = [](const TokenRequest& request) { request.answer("asked for"); }});
  test.open();
  CHECK(test.session().authenticate("fresh") == CallResult::Queued);
  test.loop().turn();
  test.endedByPeer(1001);
  test.retry();
  test.succeed();
  CHECK(test.hasSent(R"("token":"asked for"})"));
}

TEST_CASE("session: of two answers of the token function the first counts, with its token") {
  ManualSession test({}, {.token = [](const TokenRequest& request) {
                       request.answer("first");
                       request.answer("second");
                     }});
  test.open();
  CHECK(test.hasSent(R"("token":"first")"));
}

TEST_CASE("session: a late answer of the token function does not replace the token of a later attempt") {
  std::vector<TokenRequest> requests;
  ManualSession test({}, {.token = [&requests](const TokenRequest& request) { requests.push_back(request); }});
  CHECK(test.session().connect() == ConnectResult::Started);
  test.loop().turn();
  CHECK(test.session().reconnect() == ReconnectResult::Started);
  test.loop().turn();
  REQUIRE(requests.size() == 2);
  requests[1].answer("of the second attempt");
  requests[0].answer("of the first attempt");
  test.loop().turn();
  test.succeed();
  CHECK(test.hasSent(R"("token":"of the second attempt")"));
}

TEST_CASE("session: a user that is not authorized is not tried again") {
  ManualSession test({}, {.token = [](const TokenRequest& request) { request.answer("t"); }});
  test.greet();
  test.hear(R"({"op":"error","code":"unauthorized"})");
  test.endedByPeer(4002);
  CHECK_FALSE(test.closes.back().willRetry);
}

TEST_CASE("session: goaway is followed once, and only to its own origin or an allowed host") {
  const std::pair<const char*, bool> places[] = {
      {"wss://a.test/other", true},     {"wss://a.test:443/", true},      {"wss://A.TEST/", true},
      {"wss://a.test:444/", false},     {"wss://friend.test/", true},     {"wss://friend.test:444/", false},
      {"wss://other.test:8443/", true}, {"wss://other.test/", false},     {"wss://[::1]:9000/", true},
      {"wss://[::1]/", false},          {"wss://b.test/", false},         {"wss://path.test/", false},
      {"ws://a.test/other", false},     {"ws://a.test:443/other", false}, {"ws://friend.test/", false},
      {"wss://user@a.test/", false},    {"https://a.test/other", false},  {"", false}};
  for (const auto& place : places) {
    const auto& [url, follows] = place;
    CAPTURE(place.first);
    ManualSession test({}, {.allowedHosts = {"Friend.test", "other.test:8443", "[::1]:9000", "path.test/x"}});
    test.open();
    test.loop().passAndTurn(5s);
    test.hear(R"({"op":"goaway","after":100,"url":")" + std::string(url) + R"("})");
    CHECK(test.session().state() == State::Open);
    test.loop().passAndTurn(100ms);
    REQUIRE(test.closes.size() == 1);
    CHECK(test.closes.back().cause == CloseCause::ReconnectRequested);
    CHECK(test.transport().endpoint().url == (follows ? url : "wss://a.test/stream"));
    test.succeed();
    test.welcome();
    test.transport().end();
    test.loop().turn();
    test.retry();
    CHECK(test.transport().endpoint().url == "wss://a.test/stream");
  }
}

TEST_CASE("session: the flight record names the address that was dialled, after goaway too") {
  ManualSession test;
  test.open();
  test.hear(R"({"op":"goaway","url":"wss://a.test/other"})");
  test.loop().passAndTurn(5s);
  REQUIRE(test.transport().endpoint().url == "wss://a.test/other");
  CHECK(test.session().flightRecord().find("attempt 2 to wss://a.test/other") != std::string::npos);
  test.transport().end();
  test.loop().turn();
  test.retry();
  CHECK(test.session().flightRecord().find("attempt 3 to wss://a.test/stream") != std::string::npos);
}

TEST_CASE("session: an option that only a client has a use for is refused by connect(), which names it") {
  ManualSession test({.subprotocols = {"mine"}});
  CHECK(test.session().connect() == ConnectResult::InvalidOption);
  CHECK(test.session().connectFault() == "subprotocols: a session always offers tidewire.v1");
  ManualSession negative({.connectTimeout = -1ms});
  CHECK(negative.session().connect() == ConnectResult::InvalidOption);
  CHECK(negative.session().connectFault() == "connectTimeout: a negative time");
  ManualSession usual;
  CHECK(usual.session().connectFault().empty());
}

TEST_CASE("session: texts of a server cannot add lines to the log and the flight record") {
  std::vector<std::string> lines;
  ManualSession test({.log = {.level = LogLevel::Warning,
                              .sink = [&lines](const LogRecord& record) { lines.emplace_back(record.text); }}});
  test.open();
  test.hear(R"({"op":"error","code":"x","message":"oops\n     9.999  attempt 7 is open\u001b[2J\u2028"})");
  const std::string written =
      R"(the server reports an error: x: oops\n     9.999  attempt 7 is open\x1b[2J\xe2\x80\xa8)";
  CHECK(lines == std::vector<std::string>{written});
  CHECK(test.session().flightRecord().find("  " + written + "\n") != std::string::npos);
}

TEST_CASE("session: goaway may lead from ws to wss on the same port, or from default port to default port") {
  const std::pair<const char*, std::pair<const char*, bool>> moves[] = {
      {"ws://a.test/s", {"wss://a.test/s", true}},           {"ws://a.test:8080/s", {"wss://a.test:8080/s", true}},
      {"ws://a.test:8080/s", {"wss://a.test/s", false}},     {"ws://a.test/s", {"ws://a.test:8080/s", false}},
      {"ws://a.test:8080/s", {"ws://a.test:8081/s", false}}, {"wss://a.test/s", {"wss://a.test:80/s", false}}};
  for (const auto& leads : moves) {
    const auto& [from, move] = leads;
    CAPTURE(leads.first);
    CAPTURE(leads.second.first);
    ManualSession test({.url = from});
    test.open();
    test.hear(R"({"op":"goaway","url":")" + std::string(move.first) + R"("})");
    test.loop().passAndTurn(5s);
    CHECK(test.transport().endpoint().url == std::string(move.second ? move.first : from));
  }
}

TEST_CASE("session: a token goes to no other port of the host that goaway names") {
  ManualSession test({}, {.token = [](const TokenRequest& request) { request.answer("secret"); }});
  test.open();
  test.hear(R"({"op":"goaway","url":"wss://a.test:444/"})");
  test.loop().passAndTurn(5s);
  REQUIRE(test.closes.size() == 1);
  test.succeed();
  CHECK(test.transport().endpoint().url == "wss://a.test/stream");
  CHECK(test.hasSent("secret"));
}

TEST_CASE("session: a server that sends everybody away at once is left every five seconds at most") {
  ManualSession test;
  test.open();
  for (std::size_t round = 0; round < 20; ++round) {
    test.hear(R"({"op":"goaway","after":0})");
    test.hear(R"({"op":"goaway","after":0,"url":"wss://a.test/other"})");
    test.loop().passAndTurn(4999ms);
    CHECK(test.closes.size() == round);
    CHECK(test.session().state() == State::Open);
    test.loop().passAndTurn(1ms);
    REQUIRE(test.closes.size() == round + 1);
    CHECK(test.closes.back().cause == CloseCause::ReconnectRequested);
    test.succeed();
    test.welcome();
  }
}

TEST_CASE("session: whom goaway may send it to depends on where the token function sent it") {
  for (const char* url : {"wss://elsewhere.test/", "ws://elsewhere.test/", "wss://a.test/"}) {
    CAPTURE(url);
    ManualSession test(
        {}, {.token = [](const TokenRequest& request) { request.answer("t", "wss://elsewhere.test/stream"); }});
    test.open();
    test.hear(R"({"op":"goaway","url":")" + std::string(url) + R"("})");
    test.loop().passAndTurn(5s);
    const bool follows = std::string(url) == "wss://elsewhere.test/";
    CHECK(test.transport().endpoint().url == (follows ? url : "wss://elsewhere.test/stream"));
  }
}

TEST_CASE("session: goaway while it closes leads nowhere, not even later") {
  ManualSession test;
  test.open();
  CHECK(test.session().publish("c", "x", {.ack = true}) == CallResult::Queued);
  test.loop().passAndTurn(5s);
  test.hear(R"({"op":"goaway","after":100,"url":"wss://a.test/other"})");
  CHECK(test.session().close() == CloseResult::Accepted);
  test.loop().turn();
  test.loop().passAndTurn(100ms);
  CHECK(test.session().state() == State::Closing);
  test.loop().passAndTurn(5s);
  CHECK(test.session().state() == State::Closed);
  CHECK(test.session().connect() == ConnectResult::Started);
  test.loop().turn();
  CHECK(test.transport().endpoint().url == "wss://a.test/stream");
}

TEST_CASE("session: it sends pings at least as often as the server requires, on a page too") {
  for (const Abilities& abilities : {Abilities{}, kPage}) {
    ManualSession test({}, {}, abilities);
    test.greet();
    test.welcome(R"(,"heartbeat":1000)");
    test.loop().passAndTurn(999ms);
    CHECK_FALSE(test.hasSent(R"("op":"ping")"));
    test.loop().passAndTurn(1ms);
    CHECK(test.hasSent(R"("op":"ping")"));
    CHECK(test.transport().pings() == 0);
    test.loop().passAndTurn(10s);
    CHECK(test.closes.back().cause == CloseCause::HeartbeatTimeout);
  }
}

TEST_CASE("session: a server that requires pings all the time gets one a second") {
  for (const char* wanted : {"1", "999"}) {
    ManualSession test;
    test.greet();
    test.welcome(R"(,"heartbeat":)" + std::string(wanted));
    std::size_t asked = 0;
    for (int tick = 0; tick < 500; ++tick) {
      const std::size_t before = test.transport().sent().size();
      test.loop().passAndTurn(20ms);
      if (test.transport().sent().size() > before) {
        ++asked;
        test.hear(R"({"op":"pong","t":)" + std::to_string(asked) + R"(,"now":1700000000000})");
      }
    }
    CHECK(asked == 10);
    CHECK(test.session().state() == State::Open);
  }
}

TEST_CASE("session: hello has the client's message limit") {
  const std::pair<std::size_t, const char*> sizes[] = {{5'000, "5000"}, {10, "1024"}};
  for (const auto& [bytes, told] : sizes) {
    ManualSession test({.maxMessageBytes = bytes});
    test.greet();
    CHECK(test.hasSent(R"("maxMessage":)" + std::string(told)));
  }
}

TEST_CASE("session: a message that is larger than the client takes does not end it for good") {
  ManualSession test;
  for (std::size_t times = 1; times < 20; ++times) {
    times == 1 ? test.open() : test.welcome();
    test.transport().end({.cause = CloseCause::MessageTooBig, .code = 1009});
    test.loop().turn();
    REQUIRE(test.closes.size() == times);
    CHECK(test.closes.back().cause == CloseCause::MessageTooBig);
    REQUIRE(test.closes.back().willRetry);
    test.retry();
    test.succeed();
  }
  CHECK(test.closes.back().retryIn > 0ms);
}

TEST_CASE("session: a call that the server finds too large ends, and is never resent") {
  ManualSession test;
  std::vector<Ack> acks;
  CHECK(test.session().publish("c", std::string(70'000, 'x'), {.ack = true, .resend = true},
                               [&](const Ack& ack) { acks.push_back(ack); }) == CallResult::Queued);
  CHECK(test.session().publish("c", "small", {.ack = true, .resend = true}, [](const Ack&) {}) == CallResult::Queued);
  test.open();
  CHECK(test.hasSent("xxxx"));
  test.endedByPeer(1009);
  REQUIRE(acks.size() == 1);
  CHECK(acks[0].outcome == Ack::Outcome::Unknown);
  CHECK(acks[0].error.code == "too-large");
  REQUIRE(test.closes.back().willRetry);
  test.retry();
  test.succeed();
  test.welcome();
  CHECK_FALSE(test.hasSent("xxxx"));
  CHECK(test.hasSent("small"));

  CHECK(test.session().publish("c", std::string(70'000, 'y')) == CallResult::Queued);  // It is sent once anyway.
  test.loop().turn();
  CHECK(test.hasSent("yyyy"));
  test.endedByPeer(1009);
  REQUIRE(test.closes.back().willRetry);
  test.retry();
  test.succeed();
  test.welcome();
  CHECK_FALSE(test.hasSent("yyyy"));

  test.endedByPeer(1009);  // For nothing that could be left out.
  CHECK_FALSE(test.closes.back().willRetry);
}

TEST_CASE("session: the outbox is limited, and acknowledged calls leave it") {
  ManualSession test({}, {.outbox = {.maxBytes = 2000, .maxCalls = 2}});
  Session& session = test.session();
  CHECK(session.publish("c", std::string(2000, 'x')) == CallResult::TooLarge);
  CHECK(session.publish("c", "1", {.ack = true}) == CallResult::Queued);
  CHECK(session.publish("c", "2", {.ack = true}) == CallResult::Queued);
  CHECK(session.publish("c", "3") == CallResult::QueueFull);
  CHECK(session.publish("", "3") == CallResult::InvalidName);
  CHECK(session.publish("c", "\xff") == CallResult::InvalidUtf8);
  test.open();
  CHECK(session.publish("c", "3") == CallResult::QueueFull);
  test.hear(R"({"op":"ack","id":1})");
  CHECK(session.publish("c", "3") == CallResult::Queued);
}

TEST_CASE("session: a request that times out fails, and is cancelled at the server") {
  ManualSession test;
  test.open();
  std::vector<std::string> errors;
  const Request request = test.session().request(
      "slow", "", {.timeout = 1s}, [&errors](const Reply& reply) { errors.push_back(reply.error->code); });
  CHECK(request.result() == CallResult::Queued);
  test.loop().turn();
  test.loop().passAndTurn(1s);
  CHECK(errors == std::vector<std::string>{"timeout"});
  CHECK(test.hasSent(R"({"op":"cancel","id":1})"));
  test.hear(R"({"op":"reply","id":1})");
  CHECK(errors.size() == 1);
}

TEST_CASE("session: a request that is cancelled is never answered") {
  ManualSession test;
  test.open();
  int answers = 0;
  Request request = test.session().request("slow", "", {}, [&answers](const Reply&) { ++answers; });
  test.loop().turn();
  request.cancel();
  test.loop().turn();
  CHECK(test.hasSent(R"({"op":"cancel","id":1})"));
  test.hear(R"({"op":"reply","id":1})");
  CHECK(answers == 0);
}

TEST_CASE("session: calls within batchDelay leave in one message, and any delay can be added to a clock") {
  for (const auto delay : {20ms, std::chrono::milliseconds::max()}) {
    ManualSession test({}, {.outbox = {.batchDelay = delay}});
    test.open();
    const std::size_t before = test.transport().sent().size();
    CHECK(test.session().publish("c", "1") == CallResult::Queued);
    test.loop().turn();
    test.loop().passAndTurn(10ms);
    CHECK(test.session().publish("c", "2") == CallResult::Queued);
    test.loop().turn();
    CHECK(test.transport().sent().size() == before);
    test.loop().passAndTurn(10ms);
    CHECK(test.transport().sent().size() == before + (delay == 20ms ? 1 : 0));
  }
}

TEST_CASE("session: an impossible position is not requested, and is reported as a gap") {
  ManualSession test;
  std::vector<bool> gaps;
  const auto subscription =
      test.session().subscribe("c", {.since = ChannelPosition{"e", ~std::uint64_t{0}}},
                               {.onGap = [&gaps](const Gap& gap) { gaps.push_back(gap.hasRange); }});
  test.open();
  CHECK(test.hasSent(R"("channel":"c"})"));
  CHECK(gaps == std::vector<bool>{false});
}

TEST_CASE("session: a handle that goes unsubscribes") {
  ManualSession test;
  {
    const auto subscription = test.session().subscribe("c", {}, {});
    test.open();
    test.hear(R"({"op":"subscribed","id":1,"epoch":"e","seq":0,"recovered":true})");
    CHECK(!test.hasSent(R"("op":"unsubscribe")"));
  }
  test.loop().turn();
  CHECK(test.hasSent(R"({"op":"unsubscribe","id":2,"channel":"c"})"));
}

TEST_CASE("session: a name that is not UTF-8 is none") {
  ManualSession test;
  CHECK(test.session().publish("\xff", "1") == CallResult::InvalidName);
  std::vector<std::string> ends;
  const auto subscription = test.session().subscribe(
      "A\xff", {}, {.onEnd = [&ends](const SubscriptionEnd& end) { ends.push_back(end.error.code); }});
  test.open();
  CHECK(ends == std::vector<std::string>{"unknown-channel"});
  CHECK(!test.hasSent("subscribe"));
}

TEST_CASE("session: a token that no head has room for is refused, and so is one that is not UTF-8") {
  ManualSession test;
  test.open();
  CHECK(test.session().authenticate(std::string(17'000, 't')) == CallResult::TooLarge);
  CHECK(test.session().authenticate(std::string(9'000, '"')) == CallResult::TooLarge);
  CHECK(test.session().authenticate("\xff") == CallResult::InvalidUtf8);
  CHECK(test.session().authenticate(std::string(16'000, 't')) == CallResult::Queued);
  test.loop().turn();
  CHECK(test.hasSent(R"("token":"tt)"));
}

TEST_CASE("session: an answer that is no token fails the attempt") {
  std::vector<std::string> details;
  ManualSession test({}, {.token = [](const TokenRequest& request) { request.answer(std::string(17'000, 't')); }});
  test.session().onClose([&details](const CloseInfo& info) { details.push_back(info.detail); });
  test.session().connect();
  test.loop().turn();
  REQUIRE(details.size() == 1);
  CHECK(details[0].find("the token is not UTF-8") != std::string::npos);
}

}  // namespace
}  // namespace tidewire::internal::test
