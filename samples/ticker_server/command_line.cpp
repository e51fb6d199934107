#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "admission.hpp"
#include "parse_number.hpp"
#include "stream_command_line.hpp"

namespace ticker {

namespace {

constexpr double kMaxSpeed = 1000;

// CLI11 would take "-1" for 2^64 - 1.
std::string checkSeed(const std::string& text) {
  return parseNumber<std::uint64_t>(text) ? "" : '"' + text + "\" is not a whole number from 0 to 2^64 - 1";
}

std::string checkSpeed(const std::string& text) {
  const std::optional<double> speed = parseNumber<double>(text);
  const bool fits = speed && *speed > 0 && *speed <= kMaxSpeed;
  return fits ? "" : '"' + text + "\" is not more than 0 and at most 1000";
}

std::string checkSymbol(const std::string& text) {
  const bool fits = !text.empty() && text.size() <= 12 && std::ranges::all_of(text, [](char letter) {
    return (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') || letter == '.' || letter == '-';
  });
  return fits ? "" : '"' + text + "\" is not a symbol (1 to 12 of A-Z, 0-9, '.', '-')";
}

std::string checkOrigin(const std::string& text) {
  return isOrigin(text) ? "" : '"' + text + "\" is no origin, such as https://example.com, null or *";
}

std::string checkHost(const std::string& text) {
  return isHostName(text) ? "" : '"' + text + "\" is no name of a host";
}

}  // namespace

CommandLine readCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app("Serves live prices over WebSocket, an echo, and a web page", "ticker_server");
  app.add_option("--host", line.host, "Address to listen on")->capture_default_str();
  app.add_option("--port", line.port, "Port to listen on; 0: the kernel chooses")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--allow-origin", line.allowedOrigins, "An origin whose pages may come, * for all; repeatable")
      ->check(CLI::Validator(checkOrigin, "ORIGIN"))
      ->allow_extra_args(false);
  app.add_option("--allow-host", line.allowedHosts, "A name by which this server is reached; repeatable")
      ->check(CLI::Validator(checkHost, "NAME"))
      ->allow_extra_args(false);
  app.add_option("--web", line.web, "Folder to serve over HTTP");
  app.add_option("--symbols", line.symbols, "Symbols to serve, separated by commas")
      ->delimiter(',')
      ->check(CLI::Validator(checkSymbol, "A,B,..."));
  CLI::Option* const seed =
      app.add_option("--seed", line.seed, "Seed of the random walk; the same seed, the same prices")
          ->check(CLI::Validator(checkSeed, "NUMBER"));
  app.add_option("--replay", line.replay, "CSV file of daily prices to serve instead of a random walk")->excludes(seed);
  app.add_option("--speed", line.speed, "Steps a second: ticks of the walk (default 20), days of a replay (default 10)")
      ->check(CLI::Validator(checkSpeed, "NUMBER"));
  app.add_option("--log", line.log, "File to append every tick to, one JSON line each");
  addStreamOptions(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return line;
}

}  // namespace ticker
