// Live prices from a ticker server, in a terminal or as lines of text.

#include <langinfo.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exit_code.hpp"
#include "interactive.hpp"
#include "plain.hpp"
#include "screen.hpp"
#include "tidewire/options.hpp"

namespace {

using namespace std::chrono_literals;

struct Arguments {
  std::string url = "ws://127.0.0.1:8090/stream";
  std::vector<std::string> symbols;
  std::optional<double> seconds;
  bool plain = false;
  std::string caFile;
};

/// Without a locale, as in a bare container, the terminal is taken for one that shows UTF-8.
dashboard::Charset chooseCharset() {
  const auto chosen = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  const bool any = chosen("LC_ALL") || chosen("LC_CTYPE") || chosen("LANG");
  std::setlocale(LC_CTYPE, any ? "" : "C.UTF-8");
  return std::string_view(nl_langinfo(CODESET)) == "UTF-8" ? dashboard::Charset::Utf8 : dashboard::Charset::Ascii;
}

tidewire::Options optionsFor(const Arguments& arguments) {
  return {.url = arguments.url,
          .heartbeat = {.interval = 2s, .timeout = 4s},
          .reconnect = {.firstDelay = 500ms, .maxDelay = 5s},
          .tls = {.caFile = arguments.caFile}};
}

int run(const Arguments& arguments) {
  const dashboard::Charset charset = chooseCharset();
  if (!arguments.plain && !arguments.seconds) {
    if (const auto screen = dashboard::Screen::open(charset)) {
      return dashboard::runInteractive(*screen, optionsFor(arguments), arguments.symbols);
    }
  }
  std::optional<std::chrono::duration<double>> time;
  if (arguments.seconds) {
    time.emplace(*arguments.seconds);
  }
  return dashboard::runPlain(optionsFor(arguments), arguments.symbols, time);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Shows live prices. Keys: q quits, r reconnects. Without a terminal it prints a line for every price.");
  app.add_option("URL", arguments.url, "Where the ticker speaks tidewire.v1")->capture_default_str();
  app.add_option("--symbols", arguments.symbols, "Which, separated by commas; without it all that there are")
      ->delimiter(',');
  app.add_option("--seconds", arguments.seconds, "Print lines for this long; exit 0 if a price has arrived")
      ->check(CLI::PositiveNumber);
  app.add_option("--ca", arguments.caFile, "Certificates (PEM) to trust besides those of the system")
      ->check(CLI::ExistingFile);
  app.add_flag("--plain", arguments.plain, "Print lines even on a terminal");
  CLI11_PARSE(app, argc, argv);
  const int code = run(arguments);
  if (code == dashboard::kUnusableUrl) {
    std::fprintf(stderr, "terminal_dashboard: not a ws: or wss: URL: %s\n", arguments.url.c_str());
  }
  return code;
}
