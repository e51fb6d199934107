#include "settings.hpp"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

namespace bench {
namespace {

constexpr int kUnsupported = 3;

std::string authorityOf(const std::string& url) {
  const std::size_t begin = url.find("//") + 2;
  return url.substr(begin, url.find('/', begin) - begin);
}

/// A connection takes a descriptor, and 10,000 are more than the usual limit.
void raiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

std::string Settings::host() const {
  const std::string authority = authorityOf(url);
  return authority.substr(0, authority.find(':'));
}

std::string Settings::port() const {
  const std::string authority = authorityOf(url);
  return authority.substr(authority.find(':') + 1);
}

std::string Settings::target() const {
  return url.substr(url.find('/', url.find("//") + 2));
}

Settings readSettings(int argc, char** argv) {
  raiseDescriptorLimit();
  Settings settings;
  CLI::App app("A client of the benchmark: runs one scenario and prints one line of JSON");
  app.add_option("scenario", settings.scenario, "what to measure")->required();
  app.add_option("--url", settings.url, "address of the measuring server")->required();
  app.add_option("--ca", settings.ca, "PEM file of the certificate to trust");
  app.add_option("--messages", settings.messages, "messages, or rounds");
  app.add_option("--bytes", settings.bytes, "payload of a message");
  app.add_option("--window", settings.window, "messages under way in the pipelined echo");
  app.add_option("--batch", settings.batch, "messages of a batch");
  app.add_flag("--text", settings.text, "text instead of binary messages");
  app.add_flag("--fresh", settings.fresh, "write each payload anew");
  app.add_flag("--prepare", settings.prepare, "write each payload into memory that is sent without a copy");
  app.add_flag("--coalesce", settings.coalesce, "several messages in one write");
  app.add_option("--delivery", settings.delivery, "automatic, poll, executor or loop");
  app.add_option("--queue", settings.queueBytes, "limit of the send queue in bytes; 0: the default");
  app.add_option("--connections", settings.connections, "clients in this process");
  app.add_option("--seconds", settings.seconds, "how long to watch idle connections");
  app.add_option("--heartbeat", settings.heartbeat, "seconds between heartbeats; 0: none");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return settings;
}

void refuse(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(kUnsupported);
}

void fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

}  // namespace bench
