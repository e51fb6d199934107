// Clients behind a proxy, for nginx.test.mjs: prints a line for what happens to each, until its standard input ends.
//
// proxied_client URL CA_FILE COUNT HEARTBEAT_MS

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <tidewire/tidewire.hpp>
#include <vector>

namespace {

void report(std::size_t number, const std::string& text) {
  // One call, so that lines do not mix.
  std::printf("%s\n", (std::to_string(number) + " " + text).c_str());
  std::fflush(stdout);
}

void follow(tidewire::Client& client, std::size_t number) {
  client.onOpen([number](const tidewire::Opened&) { report(number, "open"); });
  client.onHeartbeat([number](const tidewire::HeartbeatInfo&) { report(number, "heartbeat"); });
  client.onClose([number](const tidewire::CloseInfo& info) {
    report(number, "closed " + std::string(nameOf(info.cause)) + " " + std::to_string(info.httpStatus));
  });
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    return 2;
  }
  tidewire::Options options{.url = arguments[1],
                            .heartbeat = {.interval = std::chrono::milliseconds(std::stoi(arguments[4]))},
                            .tls = {.caFile = arguments[2]}};
  std::vector<tidewire::Client> clients;
  for (std::size_t number = 0; number < std::stoul(arguments[3]); ++number) {
    clients.emplace_back(options);
    follow(clients.back(), number);
    if (clients.back().connect() != tidewire::ConnectResult::Started) {
      return 1;
    }
  }
  std::cin.get();
}
