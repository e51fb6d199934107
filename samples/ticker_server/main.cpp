#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "csv_replay.hpp"
#include "line_log.hpp"
#include "market.hpp"
#include "random_walk.hpp"
#include "server.hpp"
#include "server/journal.hpp"
#include "stream/service.hpp"
#include "ticker_site.hpp"
#include "turn_clock.hpp"

namespace {

ticker::Server* runningServer = nullptr;

extern "C" void stopOnSignal(int /*signal*/) {
  const int saved = errno;
  if (runningServer != nullptr) {
    runningServer->stop();
  }
  errno = saved;
}

void stopServerOnSignals(ticker::Server& server) {
  runningServer = &server;
  struct sigaction action {};
  action.sa_handler = stopOnSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // A second one ends the program at once.
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

std::function<void(std::string_view)> lineWriter(std::string_view option, const std::filesystem::path& file) {
  return [log = std::make_shared<ticker::LineLog>(option, file.string())](std::string_view line) { log->write(line); };
}

// Unlike that of any other process.
std::string makeEpoch() {
  std::random_device random;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%08x%08x", random(), random());
  return text.data();
}

std::unique_ptr<ticker::PriceSource> makeSource(const ticker::CommandLine& line) {
  if (!line.replay.empty()) {
    return std::make_unique<ticker::CsvReplay>(line.replay, line.symbols);
  }
  const std::vector<std::string> usual{"AAPL", "GOOGL", "TSLA", "COKE", "YHOO"};
  return std::make_unique<ticker::RandomWalk>(line.symbols.empty() ? usual : line.symbols,
                                              line.seed ? *line.seed : std::random_device{}());
}

void serve(const ticker::CommandLine& line) {
  std::unique_ptr<ticker::PriceSource> source = makeSource(line);
  const std::string description = source->description();
  const bool replay = !line.replay.empty();
  ticker::Market market(std::move(source),
                        {.stepsPerSecond = line.speed.value_or(replay ? 10 : 20), .followListeners = !replay});

  ticker::Server::Options options{
      .host = line.host, .port = line.port, .allowedHosts = line.allowedHosts, .allowedOrigins = line.allowedOrigins};
  if (!line.web.empty()) {
    options.folder.emplace(line.web);
  }
  ticker::TickerSite::TickLog log = [](std::string_view) {};
  if (!line.log.empty()) {
    log = lineWriter("--log", line.log);
  }
  const tidewire::server::Journal journal(line.streamLog.empty() ? nullptr
                                                                 : lineWriter("--stream-log", line.streamLog));
  ticker::stream::Service::Settings settings = line.stream;
  settings.hub.epoch = makeEpoch();
  ticker::TurnClock clock;
  ticker::stream::Service stream(settings, market, clock, journal);
  ticker::TickerSite site({market, stream, clock}, std::move(log));
  ticker::Server server(std::move(options), site, clock);
  stopServerOnSignals(server);
  std::cout << "listening on " << server.url() << '\n' << "prices: " << description << std::endl;
  server.run();
  runningServer = nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    serve(ticker::readCommandLine(argc, argv));
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << "ticker_server: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
