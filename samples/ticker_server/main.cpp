#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "csv_replay.hpp"
#include "market.hpp"
#include "random_walk.hpp"
#include "server.hpp"

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

/// One line a tick, each handed to the system at once, so that it can be read while the server runs.
class TickLog {
 public:
  explicit TickLog(const std::string& file) : file_(std::fopen(file.c_str(), "ae"), &std::fclose) {
    if (!file_) {
      throw std::runtime_error("--log: cannot write " + file + ": " + std::strerror(errno));
    }
    std::setvbuf(file_.get(), nullptr, _IOLBF, BUFSIZ);
  }

  void write(std::string_view json) { std::fprintf(file_.get(), "%.*s\n", static_cast<int>(json.size()), json.data()); }

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

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

  ticker::Server::Options options{.host = line.host, .port = line.port};
  if (!line.web.empty()) {
    options.folder.emplace(line.web);
  }
  if (!line.log.empty()) {
    options.log = [log = std::make_shared<TickLog>(line.log.string())](std::string_view json) { log->write(json); };
  }
  ticker::Server server(std::move(options), market);
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
