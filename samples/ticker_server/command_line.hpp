#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "stream/service.hpp"

namespace ticker {

/// What the command line says; see README.md.
struct CommandLine {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8090;
  std::vector<std::string> allowedHosts;
  std::vector<std::string> allowedOrigins;
  std::filesystem::path web;
  std::vector<std::string> symbols;
  std::optional<std::uint64_t> seed;
  std::filesystem::path replay;
  std::optional<double> speed;
  std::filesystem::path log;
  stream::Service::Settings stream;
  std::filesystem::path streamLog;
};

/// Ends the program itself on `--help` and on arguments that make no sense, naming them.
CommandLine readCommandLine(int argc, const char* const* argv);

}  // namespace ticker
