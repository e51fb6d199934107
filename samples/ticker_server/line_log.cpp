#include "line_log.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace ticker {

LineLog::LineLog(std::string_view option, const std::string& file)
    : file_(std::fopen(file.c_str(), "ae"), &std::fclose) {
  if (!file_) {
    throw std::runtime_error(std::string(option) + ": cannot write " + file + ": " + std::strerror(errno));
  }
  std::setvbuf(file_.get(), nullptr, _IOLBF, BUFSIZ);
}

void LineLog::write(std::string_view line) {
  std::fprintf(file_.get(), "%.*s\n", static_cast<int>(line.size()), line.data());
}

}  // namespace ticker
