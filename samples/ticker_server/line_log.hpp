#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace ticker {

/// A file of lines, each handed to the system at once, so that it can be read while the server runs.
class LineLog {
 public:
  /// Appends to `file`. `option` is what names it on the command line.
  ///
  /// Throws: std::runtime_error that names both if the file cannot be written.
  LineLog(std::string_view option, const std::string& file);

  void write(std::string_view line);

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

}  // namespace ticker
