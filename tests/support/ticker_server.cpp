#include "support/ticker_server.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace support {

TickerServer::TickerServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
  start();
}

void TickerServer::kill() {
  process_->signal(SIGKILL);
  process_->wait();
  process_.reset();
}

void TickerServer::start() {
  std::vector<std::string> command{TIDEWIRE_TICKER_SERVER, "--port", std::to_string(port_)};
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  process_ = std::make_unique<ChildProcess>(command);
  const std::string line = process_->readLine();
  const std::size_t colon = line.rfind(':');
  port_ = colon == std::string::npos ? 0 : std::atoi(line.c_str() + colon + 1);
  if (port_ == 0) {
    std::fprintf(stderr, "the ticker server did not start: %s\n", line.c_str());
    std::abort();
  }
}

void TickerServer::freeze() {
  process_->signal(SIGSTOP);
}
void TickerServer::continueRunning() {
  process_->signal(SIGCONT);
}

std::string TickerServer::url(std::string_view path) const {
  return "ws://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

}  // namespace support
