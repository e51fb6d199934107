#include "core/retry_policy.hpp"

#include <doctest/doctest.h>

#include <array>
#include <set>
#include <string>

namespace tidewire::core {
namespace {

// What an attempt's end may look like. What a cause does not look at is varied all the same.
constexpr std::array<std::uint16_t, 18> kCodes = {1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009,
                                                  1010, 1011, 1012, 1013, 1014, 3000, 4000, 4001, 4999};
constexpr std::array kStatuses = {0,   101, 200, 204, 301, 302, 308, 400, 401, 403, 404, 405, 407, 408, 410,
                                  421, 425, 426, 429, 451, 500, 501, 502, 503, 504, 520, 599, 600, 999};
// Where the server says that it has no WebSocket for us here, and where it answers as if it were no such server.
const std::set<int> kMisaddressed = {101, 400, 404, 405, 407, 410, 421, 426, 451};
const std::set<int> kOtherAnswers = {200, 204, 301, 302, 308};

struct Row {
  CloseCause cause;
  bool retried;
  std::set<std::uint16_t> finalCodes = {};
  std::set<int> finalStatuses = {};
};

// The table of docs/design.md.
const std::array kTable = {
    Row{CloseCause::ClosedByUser, false},
    Row{CloseCause::ReconnectRequested, true},
    Row{.cause = CloseCause::ClosedByPeer, .retried = true, .finalCodes = {1008, 1009}},
    Row{CloseCause::ConnectionLost, true},
    Row{CloseCause::ConnectFailed, true},
    Row{.cause = CloseCause::HandshakeRefused, .retried = true, .finalStatuses = {401, 403}},
    Row{CloseCause::UntrustedCertificate, false},
    Row{CloseCause::ConnectTimeout, true},
    Row{CloseCause::HeartbeatTimeout, true},
    Row{CloseCause::ProtocolError, true},
    Row{CloseCause::MessageTooBig, false},
    Row{CloseCause::SlowConsumer, true},
    Row{CloseCause::Unavailable, false},
    Row{CloseCause::EndpointFailed, true},
    Row{CloseCause::WokeUp, true},
};

// Calls `check(row, ending)` for every cause with every code and status.
template <class Check>
void forEveryEnding(Check check) {
  for (const Row& row : kTable) {
    for (const std::uint16_t code : kCodes) {
      for (const int status : kStatuses) {
        CAPTURE(std::string(nameOf(row.cause)));
        CAPTURE(code);
        CAPTURE(status);
        check(row, Ending{.cause = row.cause, .code = code, .httpStatus = status});
      }
    }
  }
}

}  // namespace

TEST_CASE("retry policy: the table has a row for each cause") {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    CHECK(static_cast<std::size_t>(kTable[i].cause) == i);
  }
  CHECK(kTable.size() == kCloseCauseCount);
  const auto behindTheLast = static_cast<CloseCause>(kTable.size());
  CHECK(nameOf(behindTheLast) == "?");
}

TEST_CASE("retry policy: every cause, close code and HTTP status is decided as the table says") {
  forEveryEnding([](const Row& row, const Ending& ending) {
    const bool expected =
        row.retried && !row.finalCodes.contains(ending.code) && !row.finalStatuses.contains(ending.httpStatus);
    CHECK(mayRetry(ending, {}, {}) == expected);
  });
}

TEST_CASE("retry policy: the third response without a WebSocket here is final if nothing has ever opened") {
  const Options asksWhere{.endpoint = [](const EndpointRequest&) {}};
  forEveryEnding([&asksWhere](const Row& row, const Ending& ending) {
    const bool misaddressed = row.cause == CloseCause::HandshakeRefused && kMisaddressed.contains(ending.httpStatus);
    CHECK(isMisaddressed(ending) == misaddressed);
    const bool usually = mayRetry(ending, {}, {});
    CHECK(mayRetry(ending, {}, {.misaddressed = 2}) == usually);
    CHECK(mayRetry(ending, {}, {.misaddressed = 3}) == (usually && !misaddressed));
    CHECK(mayRetry(ending, {}, {.misaddressed = 1000, .everOpened = true}) == usually);
    CHECK(mayRetry(ending, asksWhere, {.misaddressed = 1000}) == mayRetry(ending, asksWhere, {}));
  });
}

TEST_CASE("retry policy: an answer that is no WebSocket is retried slowly, unless it is trouble that passes") {
  const Options asksWhere{.endpoint = [](const EndpointRequest&) {}};
  forEveryEnding([&asksWhere](const Row& row, const Ending& ending) {
    const bool refused = row.cause == CloseCause::HandshakeRefused && mayRetry(ending, {}, {});
    const bool otherAnswer = kMisaddressed.contains(ending.httpStatus) || kOtherAnswers.contains(ending.httpStatus);
    if (mayRetry(ending, {}, {})) {
      CHECK(retriesSlowly(ending, {}) == (refused && (otherAnswer || ending.httpStatus == 429)));
      CHECK(retriesSlowly(ending, asksWhere) == (refused && ending.httpStatus == 429));
      Ending timed = ending;
      timed.retryAfter = std::chrono::seconds(1);
      CHECK_FALSE(retriesSlowly(timed, {}));
    }
  });
}

TEST_CASE("retry policy: an address forbidden to the page is final, unless an endpoint function may supply another") {
  const Ending forbidden{.cause = CloseCause::ConnectFailed, .fate = Fate::Forbidden};
  CHECK_FALSE(mayRetry(forbidden, {}, {}));
  CHECK(mayRetry(forbidden, {.endpoint = [](const EndpointRequest&) {}}, {}));
  CHECK_FALSE(mayRetry(forbidden, {.endpoint = [](const EndpointRequest&) {}, .reconnect = {.enabled = false}}, {}));
}

TEST_CASE("retry policy: without reconnecting only reconnect() leads to another attempt") {
  forEveryEnding([](const Row& row, const Ending& ending) {
    CHECK(mayRetry(ending, {.reconnect = {.enabled = false}}, {}) == (row.cause == CloseCause::ReconnectRequested));
  });
}

TEST_CASE("retry policy: codes that the options call final count only when the peer closed with them") {
  const Options options{.reconnect = {.finalCodes = {1000, 4001}}};
  forEveryEnding([&options](const Row& row, const Ending& ending) {
    const bool listed = row.cause == CloseCause::ClosedByPeer && (ending.code == 1000 || ending.code == 4001);
    CHECK(mayRetry(ending, options, {}) == (mayRetry(ending, {}, {}) && !listed));
  });
}

TEST_CASE("retry policy: status 401 and 403 of a handshake, and code 1008 of the peer, refuse the credentials") {
  forEveryEnding([](const Row& row, const Ending& ending) {
    const bool expected =
        (row.cause == CloseCause::HandshakeRefused && row.finalStatuses.contains(ending.httpStatus)) ||
        (row.cause == CloseCause::ClosedByPeer && ending.code == 1008);
    CHECK(refusesCredentials(ending) == expected);
  });
}

TEST_CASE("retry policy: where an endpoint function may bring fresh credentials, refused ones are tried once more") {
  const Options options{.endpoint = [](const EndpointRequest&) {}};
  forEveryEnding([&options](const Row&, const Ending& ending) {
    const bool refused = refusesCredentials(ending);
    CHECK(mayRetry(ending, options, {}) == (refused || mayRetry(ending, {}, {})));
    CHECK(mayRetry(ending, options, {.freshCredentialsRefused = true}) == (!refused && mayRetry(ending, {}, {})));
  });
}

TEST_CASE("retry policy: fresh credentials are no reason where there is no reconnecting") {
  const Options options{.endpoint = [](const EndpointRequest&) {}, .reconnect = {.enabled = false}};
  CHECK_FALSE(mayRetry({.cause = CloseCause::HandshakeRefused, .httpStatus = 401}, options, {}));
}

TEST_CASE("retry policy: after the last attempt that is allowed only reconnect() leads to another") {
  const Options options{.reconnect = {.maxAttempts = 3}};
  forEveryEnding([&options](const Row& row, const Ending& ending) {
    CHECK(mayRetry(ending, options, {.attemptsInRow = 2}) == mayRetry(ending, {}, {}));
    CHECK(mayRetry(ending, options, {.attemptsInRow = 3}) == (row.cause == CloseCause::ReconnectRequested));
    CHECK(mayRetry(ending, options, {.attemptsInRow = 4}) == (row.cause == CloseCause::ReconnectRequested));
    CHECK(mayRetry(ending, {}, {.attemptsInRow = 1'000'000}) == mayRetry(ending, {}, {}));
  });
}

TEST_CASE("retry policy: fresh credentials do not lift the limit of attempts") {
  const Options options{.endpoint = [](const EndpointRequest&) {}, .reconnect = {.maxAttempts = 1}};
  CHECK_FALSE(mayRetry({.cause = CloseCause::HandshakeRefused, .httpStatus = 401}, options, {.attemptsInRow = 1}));
}

}  // namespace tidewire::core
