#pragma once

namespace CLI {
class App;
}

namespace ticker {

struct CommandLine;

/// The options that concern `/stream`; `line` outlives the parsing.
void addStreamOptions(CLI::App& app, CommandLine& line);

}  // namespace ticker
