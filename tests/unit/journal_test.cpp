#include "journal.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "journal_texts.hpp"
#include "message_access.hpp"

namespace tidewire::internal {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;
using Direction = Journal::Direction;

constexpr core::Time kStart{1h};

/// Notes what a sink is told, as lines.
struct LineSink {
  Lines lines = {};

  [[nodiscard]] LogOptions upTo(LogLevel level) {
    return {.level = level, .sink = [this](const LogRecord& record) {
              lines.push_back(
                  std::string(nameOf(record.level)).append(" ").append(record.client).append(": ").append(record.text));
            }};
  }
};

Options named(LogOptions log = {}, FlightRecorderOptions recorder = {}) {
  return {.url = "ws://h/", .name = "feed", .log = std::move(log), .flightRecorder = recorder};
}

void noteText(Journal& journal, core::Time at, Direction direction, std::string_view text,
              MessageKind kind = MessageKind::Text) {
  journal.notePayload(at, direction, MessageAccess::view(kind, core::asBytes(text)));
}

}  // namespace

TEST_CASE("journal: a URL is shown without user info and query, which may hold secrets") {
  CHECK(Journal::shown("wss://user:hunter2@example.org:8443/feed/1?token=hunter2") == "wss://example.org:8443/feed/1");
  CHECK(Journal::shown("ws://[::1]/") == "ws://[::1]/");
  CHECK(Journal::shown("ws://h") == "ws://h/");
  CHECK(Journal::shown("ws://h?token=hunter2") == "ws://h/");
  CHECK(Journal::shown("ws://h/a?b?c=hunter2") == "ws://h/a");
  CHECK(Journal::shown("no URL, hunter2") == "?");
  CHECK(Journal::shown("ws://user:hunter2@h/#f") == "?");
  CHECK(Journal::shown("ws://user:hunter/2@h/") == "?");
  CHECK(Journal::shown("no URL://hunter2") == "?");
}

TEST_CASE("journal: no text makes a line of its own, neither in the record nor in the log") {
  const std::string forged = "oops\n     9.999  attempt 7 is open\r\tx";
  LineSink told;
  Options options = named(told.upTo(LogLevel::Debug));
  options.name = "a\nb";
  Journal journal(options, kStart);
  journal.note(kStart, LogLevel::Warning, forged);
  const std::string written = R"(oops\n     9.999  attempt 7 is open\r\tx)";
  CHECK(journal.dump() == "client a\\nb\n     0.000  " + written + "\n");
  CHECK(told.lines == Lines{"Warning a\\nb: " + written});
}

TEST_CASE("journal: control characters and malformed UTF-8 are escaped") {
  const std::pair<std::string_view, std::string_view> texts[] = {
      {"\x1b[2Jx", R"(\x1b[2Jx)"},
      {"\xc2\x9b[2J", R"(\xc2\x9b[2J)"},  // CSI of C1.
      {"\xc2\x85", R"(\xc2\x85)"},        // NEL.
      {std::string_view("a\0b\x7f", 4), R"(a\x00b\x7f)"},
      {"\xe2\x80\xa8\xe2\x80\xa9", R"(\xe2\x80\xa8\xe2\x80\xa9)"},  // U+2028, U+2029.
      {"\xe2\x80\xae", R"(\xe2\x80\xae)"},                          // From right to left.
      {"\xef\xbb\xbf", R"(\xef\xbb\xbf)"},
      {"\xff\xc3(\xe2\x82", R"(\xff\xc3(\xe2\x82)"},
      {"\xed\xa0\x80", R"(\xed\xa0\x80)"},  // Half a surrogate pair.
      {"gr\xc3\xbc\xc3\x9f, \xe6\xbd\xae \xf0\x9f\x98\x80 \\n",
       "gr\xc3\xbc\xc3\x9f, \xe6\xbd\xae \xf0\x9f\x98\x80 \\n"}};
  for (const auto& [text, written] : texts) {
    Journal journal(named(), kStart);
    journal.note(kStart, LogLevel::Info, text);
    CHECK(journal.dump() == "client feed\n     0.000  " + std::string(written) + "\n");
  }
}

TEST_CASE("journal: an entry whose time was taken before the one in front of it stands at that one's time") {
  Journal journal(named({}, {.payloadBytes = 10}), kStart);
  journal.note(kStart + 2s, LogLevel::Info, "late");
  noteText(journal, kStart + 1s, Direction::Sent, "early");
  CHECK(journal.dump() == "client feed\n     2.000  late\n     2.000  queued text, 5 bytes: early\n");
}

TEST_CASE("journal: a client is called by its name, or else by its URL as it may be shown") {
  CHECK(Journal(named(), kStart).dump() == "client feed\n");
  CHECK(Journal({.url = "ws://u:hunter2@h/a?token=hunter2"}, kStart).dump() == "client ws://h/a\n");
}

TEST_CASE("journal: the sink gets records of its level, with level and client name") {
  constexpr std::array kLevels = {LogLevel::Error, LogLevel::Warning, LogLevel::Info, LogLevel::Debug};
  const Lines all = {"Error feed: e", "Warning feed: w", "Info feed: i", "Debug feed: d"};
  for (std::size_t heard = 0; heard < kLevels.size(); ++heard) {
    LineSink told;
    Journal journal(named(told.upTo(kLevels[heard])), kStart);
    journal.note(kStart, LogLevel::Error, "e");
    journal.note(kStart, LogLevel::Warning, "w");
    journal.note(kStart, LogLevel::Info, "i");
    journal.note(kStart, LogLevel::Debug, "d");
    CHECK(told.lines == Lines(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(heard) + 1));
  }
}

TEST_CASE("journal: the record holds every level, with the time since the client was made") {
  Journal journal(named(), kStart);
  journal.note(kStart, LogLevel::Debug, "at once");
  journal.note(kStart + 1500ms + 999us, LogLevel::Info, "later");
  journal.note(kStart + 12'345'007ms, LogLevel::Error, "much later");
  CHECK(journal.dump() ==
        "client feed\n"
        "     0.000  at once\n"
        "     1.500  later\n"
        " 12345.007  much later\n");
}

TEST_CASE("journal: messages of one direction that follow each other are one entry") {
  Journal journal(named(), kStart);
  journal.noteMessages(kStart + 1s, Direction::Sent, 2, 20);
  journal.noteMessages(kStart + 2s, Direction::Sent, 3, 30);
  journal.noteMessages(kStart + 3s, Direction::Received, 1, 5);
  journal.noteMessages(kStart + 4s, Direction::Received, 0, 0);
  journal.noteMessages(kStart + 4s, Direction::Received, 1, 0);
  journal.note(kStart + 5s, LogLevel::Info, "something else");
  journal.noteMessages(kStart + 6s, Direction::Received, 1, 7);
  CHECK(journal.dump() ==
        "client feed\n"
        "     1.000  sent 5 messages, 50 bytes\n"
        "     3.000  received 2 messages, 5 bytes\n"
        "     5.000  something else\n"
        "     6.000  received 1 messages, 7 bytes\n");
}

TEST_CASE("journal: of too many entries the oldest are forgotten, and counted") {
  Journal journal(named({}, {.entries = 2}), kStart);
  journal.note(kStart, LogLevel::Info, "one");
  journal.note(kStart, LogLevel::Info, "two");
  CHECK(journal.dump().find("forgotten") == std::string::npos);
  journal.noteMessages(kStart, Direction::Sent, 1, 1);
  journal.noteMessages(kStart, Direction::Sent, 1, 1);
  journal.note(kStart, LogLevel::Info, "four");
  CHECK(journal.dump() ==
        "client feed\n"
        "(2 earlier entries are forgotten)\n"
        "     0.000  sent 2 messages, 2 bytes\n"
        "     0.000  four\n");
}

TEST_CASE("journal: a recorder without entries records nothing, and the sink hears all the same") {
  LineSink told;
  Journal journal(named(told.upTo(LogLevel::Debug), {.entries = 0}), kStart);
  journal.note(kStart, LogLevel::Info, "something");
  journal.noteMessages(kStart, Direction::Sent, 1, 1);
  CHECK(journal.dump() == "client feed\n");
  CHECK(told.lines == Lines{"Info feed: something"});
}

TEST_CASE("journal: payloads are recorded only with payloadBytes, up to that length") {
  CHECK_FALSE(Journal(named(), kStart).recordsPayloads());
  Journal journal(named({}, {.payloadBytes = 5}), kStart);
  CHECK(journal.recordsPayloads());
  noteText(journal, kStart, Direction::Received, "hello, world");
  noteText(journal, kStart, Direction::Sent, "hi", MessageKind::Binary);
  noteText(journal, kStart, Direction::Sent, "");
  CHECK(journal.dump() ==
        "client feed\n"
        "     0.000  received text, 12 bytes: hello\n"
        "     0.000  queued binary, 2 bytes: hi\n"
        "     0.000  queued text, 0 bytes: \n");
}

TEST_CASE("journal: non-printable bytes of payloads are escaped, so that a record stays lines of text") {
  Journal journal(named({}, {.payloadBytes = 100}), kStart);
  noteText(journal, kStart, Direction::Received, std::string_view("a\nb\0\\\x7F\xC3\xA9~ ", 10));
  CHECK(journal.dump() ==
        "client feed\n"
        "     0.000  received text, 10 bytes: a\\x0ab\\x00\\x5c\\x7f\\xc3\\xa9~ \n");
}

TEST_CASE("journal: the sink may look at the record while it runs") {
  std::string seen;
  Journal* inside = nullptr;
  LogOptions log{.level = LogLevel::Debug, .sink = [&](const LogRecord&) { seen = inside->dump(); }};
  Journal journal(named(std::move(log)), kStart);
  inside = &journal;
  journal.note(kStart, LogLevel::Info, "look");
  CHECK(seen == "client feed\n     0.000  look\n");
}

TEST_CASE("journal: after stop() the sink hears nothing") {
  LineSink told;
  Journal journal(named(told.upTo(LogLevel::Debug)), kStart);
  journal.note(kStart, LogLevel::Info, "before");
  journal.stop();
  journal.note(kStart, LogLevel::Info, "after");
  CHECK(told.lines == Lines{"Info feed: before"});
}

TEST_CASE("journal: stop() inside the sink returns at once") {
  int calls = 0;
  Journal* inside = nullptr;
  LogOptions log{.level = LogLevel::Debug, .sink = [&](const LogRecord&) {
                   ++calls;
                   inside->stop();
                 }};
  Journal journal(named(std::move(log)), kStart);
  inside = &journal;
  journal.note(kStart, LogLevel::Info, "one");
  journal.note(kStart, LogLevel::Info, "two");
  CHECK(calls == 1);
}

TEST_CASE("journal: stop() waits for a sink that runs on another thread") {
  std::latch entered(1);
  std::latch mayReturn(1);
  std::atomic<bool> stopping = false;
  std::atomic<bool> stopped = false;
  LogOptions log{.level = LogLevel::Debug, .sink = [&](const LogRecord&) {
                   entered.count_down();
                   mayReturn.wait();
                   CHECK_FALSE(stopped);
                 }};
  Journal journal(named(std::move(log)), kStart);
  std::thread runner([&] { journal.note(kStart, LogLevel::Info, "slow"); });
  entered.wait();
  std::thread stopper([&] {
    stopping = true;
    journal.stop();
    stopped = true;
  });
  while (!stopping) {
    std::this_thread::yield();
  }
  // One that did not wait would have every chance to return now.
  for (int i = 0; i < 1000; ++i) {
    std::this_thread::yield();
  }
  mayReturn.count_down();
  stopper.join();
  runner.join();
  CHECK(stopped);
}

TEST_CASE("journal texts: an opening has the known durations of its steps") {
  CHECK(describe(Opened{.attempt = 2, .handshakeTime = 12'340us}) == "attempt 2 is open after 12.3 ms");
  const Opened opened{.subprotocol = "chat",
                      .handshakeTime = 1s,
                      .times = {.endpoint = 1ms, .lookUp = 2ms, .connect = 30us, .tls = 4ms, .upgrade = 5ms}};
  CHECK(describe(opened) ==
        "attempt 1 is open after 1000.0 ms, endpoint 1.0 ms, look-up 2.0 ms, connect 0.0 ms, TLS 4.0 ms, "
        "upgrade 5.0 ms, subprotocol chat");
}

TEST_CASE("journal texts: an ending has its cause, its losses and the retry") {
  CHECK(describe(CloseInfo{.cause = CloseCause::ClosedByUser, .code = 1000, .attempt = 1}) ==
        "attempt 1 ended: ClosedByUser, code 1000");
  const CloseInfo info{.cause = CloseCause::HandshakeRefused,
                       .detail = "not now",
                       .httpStatus = 503,
                       .willRetry = true,
                       .retryIn = 250ms,
                       .attempt = 3,
                       .unconfirmedMessages = 2,
                       .neverOpened = true};
  CHECK(describe(info) ==
        "attempt 3 ended: HandshakeRefused, code 1006, HTTP status 503, not now; 2 messages unconfirmed; "
        "retries in 250 ms; none has opened yet");
}

TEST_CASE("journal texts: the peer's reason is not repeated") {
  const CloseInfo info{.cause = CloseCause::ClosedByPeer, .code = 4000, .reason = "token hunter2 is bad"};
  CHECK(describe(info).find("hunter2") == std::string::npos);
}

TEST_CASE("journal texts: giving up is an error, never opening a warning, a requested end neither") {
  CHECK(levelOf(CloseInfo{.cause = CloseCause::MessageTooBig}) == LogLevel::Error);
  CHECK(levelOf(CloseInfo{.cause = CloseCause::ConnectFailed, .willRetry = true}) == LogLevel::Info);
  CHECK(levelOf(CloseInfo{.cause = CloseCause::ConnectFailed, .willRetry = true, .neverOpened = true}) ==
        LogLevel::Warning);
  CHECK(levelOf(CloseInfo{.cause = CloseCause::ClosedByUser}) == LogLevel::Info);
  CHECK(levelOf(CloseInfo{.cause = CloseCause::ReconnectRequested, .willRetry = true}) == LogLevel::Info);
}

TEST_CASE("journal texts: drops, answers and hints have a sentence each") {
  CHECK(describe(Dropped{DropReason::Expired, 3, 40}) == "dropped 3 messages, 40 bytes: Expired");
  CHECK(describe(HeartbeatInfo{.roundTrip = 1'250us}) == "the peer answered after 1.2 ms");
  for (const core::Hint hint : {core::Hint::WokeUp, core::Hint::Online, core::Hint::Offline, core::Hint::Visible}) {
    CHECK(describe(hint) != "?");
  }
}

TEST_CASE("gate: one at a time, until it is shut") {
  Mutex mutex;
  Gate gate;
  Lock lock(mutex);
  CHECK_FALSE(gate.isHere(lock));
  CHECK(gate.enter(lock));
  CHECK(gate.isHere(lock));
  CHECK_FALSE(gate.enter(lock));
  gate.leave(lock);
  CHECK_FALSE(gate.isHere(lock));
  CHECK(gate.enter(lock));
  // From inside it goes on.
  gate.shut(lock);
  CHECK(gate.isHere(lock));
  gate.leave(lock);
  CHECK_FALSE(gate.enter(lock));
}

TEST_CASE("gate: another thread is not here, and cannot come in") {
  Mutex mutex;
  Gate gate;
  {
    const Lock lock(mutex);
    CHECK(gate.enter(lock));
  }
  std::thread([&] {
    const Lock lock(mutex);
    CHECK_FALSE(gate.isHere(lock));
    CHECK_FALSE(gate.enter(lock));
  }).join();
  Lock lock(mutex);
  gate.leave(lock);
  gate.shut(lock);
}

}  // namespace tidewire::internal
