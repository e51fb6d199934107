#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "driven_session_core.hpp"

namespace tidewire::core::protocol {
namespace {

using namespace std::chrono_literals;
using test::Driven;
using test::kStart;
using Outcome = tidewire::Ack::Outcome;

std::string welcome(std::string_view more, bool resumed = false) {
  return R"({"op":"welcome","v":1,"resumed":)" + std::string(resumed ? "true" : "false") + R"(,"now":0)" +
         std::string(more) + "}";
}

std::size_t countOf(std::string_view op, const std::string& sent) {
  const std::string what = R"("op":")" + std::string(op) + '"';
  std::size_t count = 0;
  for (std::size_t at = sent.find(what); at != std::string::npos; at = sent.find(what, at + 1)) {
    ++count;
  }
  return count;
}

void request(Driven& session, CallId first, std::size_t count, bool idempotent = false, Duration timeout = {}) {
  for (CallId id = first; id < first + count; ++id) {
    session.core.call(kStart, {.id = id,
                               .kind = Call::Kind::Request,
                               .target = "m",
                               .body = "b",
                               .idempotent = idempotent,
                               .timeout = timeout});
  }
}

void publish(Driven& session, CallId first, std::size_t count, bool resend = false) {
  for (CallId id = first; id < first + count; ++id) {
    session.core.call(kStart, {.id = id, .target = "c", .body = "b", .ack = true, .resend = resend});
  }
}

TEST_CASE("session core: no more requests wait for their answers than the server allows") {
  for (const auto& welcomed :
       {std::pair("", 64u), std::pair(R"(,"requests":1)", 1u), std::pair(R"(,"requests":3)", 3u)}) {
    const auto& [field, allowed] = welcomed;
    CAPTURE(welcomed.first);
    Driven session;
    session.open(welcome(field));
    request(session, 1, 100);
    CHECK(countOf("request", session.sent()) == allowed);
    CHECK(session.sent().empty());
    session.hear(R"({"op":"reply","id":1})");
    CHECK(countOf("request", session.sent()) == 1);
  }
}

TEST_CASE("session core: a waiting request keeps the calls behind it in order") {
  Driven session;
  session.open(welcome(R"(,"requests":1)"));
  request(session, 1, 2);
  publish(session, 3, 1);
  std::string sent = session.sent();
  CHECK(countOf("request", sent) == 1);
  CHECK(countOf("publish", sent) == 0);
  session.hear(R"({"op":"error","id":1,"code":"unknown-method"})");
  sent = session.sent();
  CHECK(sent.find(R"("op":"request")") < sent.find(R"("op":"publish")"));
}

TEST_CASE("session core: a cancelled request frees its place for the next one, behind its cancel") {
  Driven session;
  session.open(welcome(R"(,"requests":1)"));
  request(session, 1, 2);
  CHECK(countOf("request", session.sent()) == 1);
  session.core.cancel(1);
  session.drain();
  std::string sent = session.sent();
  CHECK(sent.find(R"({"op":"cancel","id":1})") < sent.find(R"("op":"request")"));
  CHECK(countOf("request", sent) == 1);
  session.hear(R"({"op":"reply","id":1})");  // All the same: it is nobody's.

  request(session, 3, 2, false, 1s);
  CHECK(session.sent().empty());
  session.hear(R"({"op":"reply","id":2})");
  CHECK(countOf("request", session.sent()) == 1);
  session.tick(kStart + 1s);
  CHECK(session.sent(kStart + 1s) == "{\"op\":\"cancel\",\"id\":3}\x1E");
}

TEST_CASE("session core: the end of a connection ends its pending requests") {
  Driven session;
  session.open(welcome(R"(,"requests":2)"));
  request(session, 1, 2, true);
  CHECK(countOf("request", session.sent()) == 2);
  session.core.ended(false);
  session.open(welcome(R"(,"requests":1)"));
  request(session, 3, 1);
  CHECK(countOf("request", session.sent()) == 1);
  session.hear(R"({"op":"reply","id":1})");
  CHECK(countOf("request", session.sent()) == 1);
}

TEST_CASE("session core: who remembers no publish is one without memory") {
  Driven session;
  const std::string none = R"(,"memory":"m","dedup":{"count":0,"ms":60000})";
  session.open(welcome(none));
  publish(session, 1, 2000);
  CHECK(countOf("publish", session.sent()) == 1024);
  session.core.ended(false);
  session.open(welcome(none, true));
  CHECK(session.all<PublishEnded>().size() == 1024);
  CHECK(session.last<PublishEnded>()->ack.outcome == Outcome::Unknown);
}

TEST_CASE("session core: where the server remembers fewer than before, nothing is taken for remembered") {
  Driven session;
  session.open(welcome(R"(,"memory":"m","dedup":{"count":10,"ms":60000})"));
  publish(session, 1, 10);
  CHECK(countOf("publish", session.sent()) == 10);
  session.core.ended(false);
  session.open(welcome(R"(,"memory":"m","dedup":{"count":3,"ms":60000})", true));
  CHECK(session.all<PublishEnded>().size() == 10);
  CHECK(session.sent().empty());
}

TEST_CASE("session core: a smaller dedup count limits resent publishes, too") {
  Driven session;
  session.open(welcome(R"(,"memory":"m","dedup":{"count":10,"ms":60000})"));
  publish(session, 1, 10, true);
  CHECK(countOf("publish", session.sent()) == 10);
  session.core.ended(false);
  session.open(welcome(R"(,"memory":"m","dedup":{"count":3,"ms":60000})", true));
  CHECK(countOf("publish", session.sent()) == 3);
  session.hear(R"({"op":"ack","id":1})");
  CHECK(session.sent().find(R"("id":4,)") != std::string::npos);

  // A server that remembers as many as are in doubt is believed.
  session.core.ended(false);
  session.open(welcome(R"(,"memory":"m","dedup":{"count":3,"ms":60000})", true));
  CHECK(countOf("publish", session.sent()) == 3);
  CHECK(session.all<PublishEnded>().size() == 1);
}

TEST_CASE("session core: after too-slow the resent publishes are paced") {
  Driven session;
  const std::string kRemembers = R"(,"memory":"m","dedup":{"count":1000,"ms":60000})";
  session.open(welcome(kRemembers));
  publish(session, 1, 500);
  CHECK(countOf("publish", session.sent()) == 500);
  std::size_t expected = 16;
  for (int round = 0; round < 5; ++round) {
    session.core.calledSlow();
    session.core.ended(false);
    session.open(welcome(kRemembers, true));
    CHECK(countOf("publish", session.sent()) == expected);  // Half of it each time that it was still too much.
    expected = std::max<std::size_t>(expected / 2, 1);
  }

  // With each answer more may wait, so that it doubles with each round trip.
  session.core.ended(false);
  session.core.calledSlow();
  session.open(welcome(kRemembers, true));
  std::size_t sent = countOf("publish", session.sent());
  CHECK(sent == 1);
  std::uint64_t id = 1;
  for (const std::size_t next : {2u, 4u, 8u, 16u}) {
    for (std::size_t i = 0; i < sent; ++i) {
      session.hear(R"({"op":"ack","id":)" + std::to_string(id++) + "}");
    }
    sent = countOf("publish", session.sent());
    CHECK(sent == next);
  }
}

TEST_CASE("session core: after too-slow requests are paced like publishes, until answers come") {
  Driven session;
  session.open(welcome(R"(,"requests":32)"));
  request(session, 1, 40, true);
  CHECK(countOf("request", session.sent()) == 32);
  session.core.calledSlow();
  session.core.ended(false);
  session.open(welcome(R"(,"requests":32,"dedup":{"count":1,"ms":1})"));
  CHECK(countOf("request", session.sent()) == 8);
  for (int id = 1; id <= 24; ++id) {
    session.hear(R"({"op":"reply","id":)" + std::to_string(id) + "}");
    (void)session.send();
  }
  session.core.ended(false);
  session.open(welcome(R"(,"requests":32)"));
  CHECK(countOf("request", session.sent()) == 16);  // All that are left.
}

}  // namespace
}  // namespace tidewire::core::protocol
