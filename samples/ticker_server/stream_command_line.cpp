#include "stream_command_line.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "command_line.hpp"
#include "parse_number.hpp"

namespace ticker {

namespace {

constexpr std::int64_t kMaxMs = 1'000'000'000;
constexpr std::int64_t kMaxCount = 1'000'000'000;

// CLI11 would take a fraction, or a number beyond the range, for another one.
CLI::Validator wholeNumber(std::int64_t least, std::int64_t most) {
  return CLI::Validator(
      [least, most](const std::string& text) {
        const auto number = parseNumber<std::int64_t>(text);
        const bool fits = number && *number >= least && *number <= most;
        return fits ? ""
                    : '"' + text + "\" is not a whole number from " + std::to_string(least) + " to " +
                          std::to_string(most);
      },
      "NUMBER");
}

// docs/protocol.md, section 4.1: clients would take less for a second.
std::string checkHeartbeat(const std::string& text) {
  const auto number = parseNumber<std::int64_t>(text);
  return number == 0 || number >= 1000 ? "" : '"' + text + "\" is neither 0 nor at least 1000";
}

std::string checkToken(const std::string& text) {
  const std::size_t equals = text.find('=');
  return equals != std::string::npos && equals > 0 ? "" : '"' + text + "\" is not USER=TOKEN";
}

stream::Users::Token readToken(const std::string& text) {
  const std::size_t equals = text.find('=');
  return {.user = text.substr(0, equals), .token = text.substr(equals + 1)};
}

class Options {
 public:
  explicit Options(CLI::App& app) : app_(app) {}

  template <class Number>
  CLI::Option* number(const char* name, Number& value, std::int64_t least, std::int64_t most, const char* description) {
    return app_.add_option(name, value, description)
        ->check(wholeNumber(least, most))
        ->capture_default_str()
        ->group("Options of /stream");
  }

  void tokens(stream::Users::Settings& users) {
    app_.add_option_function<std::vector<std::string>>(
            "--token",
            [&users](const std::vector<std::string>& texts) {
              for (const std::string& text : texts) {
                users.tokens.push_back(readToken(text));
              }
            },
            "A token that is accepted, and whom it names; repeatable. None: everybody is")
        ->check(CLI::Validator(checkToken, "USER=TOKEN"))
        ->group("Options of /stream");
    app_.add_option("--expired-token", users.expired, "A token that is refused as expired; repeatable")
        ->group("Options of /stream");
  }

  void file(const char* name, std::filesystem::path& path, const char* description) {
    app_.add_option(name, path, description)->group("Options of /stream");
  }

 private:
  CLI::App& app_;
};

}  // namespace

void addStreamOptions(CLI::App& app, CommandLine& line) {
  stream::Service::Settings& stream = line.stream;
  tidewire::server::Limits& limits = stream.hub.limits;
  tidewire::server::Sessions::Settings& sessions = stream.hub.sessions;
  Options options(app);
  options.number("--heartbeat", limits.heartbeatMs, 0, kMaxMs, "Milliseconds; twice as long, and a client is dropped")
      ->check(CLI::Validator(checkHeartbeat, ""));
  options.number("--hello-within", limits.helloWithinMs, 1, kMaxMs, "Milliseconds that a client has for its hello");
  options.tokens(stream.users);
  options.number("--token-lifetime", stream.users.lifetimeMs, 0, kMaxMs,
                 "Milliseconds that a token is good, from its first use; 0: for ever");
  options.number("--history-count", stream.history.maxCount, 1, kMaxCount, "Events that a channel keeps");
  options.number("--history-age", stream.history.maxAgeMs, 0, kMaxMs, "Milliseconds that a channel keeps an event");
  options.number("--history-bytes", stream.history.maxBytes, 1, kMaxCount, "Bytes that a channel's events take");
  options.number("--rooms", stream.maxRooms, 0, kMaxCount, "Channels chat/... at a time");
  options.number("--dedup-count", sessions.dedupCount, 0, 65'536, "Publishes that a session is known by; 0: none");
  options.number("--dedup-ms", sessions.dedupMs, 0, kMaxMs, "Milliseconds that a lost session is remembered");
  options.number("--max-sessions", sessions.maxRemembered, 0, kMaxCount, "Lost sessions that are remembered");
  options.number("--max-subscriptions", limits.maxSubscriptions, 0, kMaxCount, "Of one client");
  options.number("--max-rooms", limits.maxRooms, 0, kMaxCount, "Rooms among them");
  options.number("--max-queue", limits.maxQueueBytes, 1, kMaxCount,
                 "Bytes of events that wait for a client, and of answers");
  options.number("--max-body", limits.maxBodyBytes, 0, 1'000'000, "Bytes of the body of a publish");
  options.number("--publish-rate", limits.publishesPerSecond, 0, kMaxCount, "Publishes a second, of one client");
  options.number("--batch-delay", limits.batchDelayMs, 0, kMaxMs,
                 "Milliseconds that what waits for a client waits for more, to leave in one message");
  options.file("--stream-log", line.streamLog, "File to append events, publishes and evictions to, one JSON line each");
}

}  // namespace ticker
