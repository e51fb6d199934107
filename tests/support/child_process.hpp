#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace support {

/// A program that a test runs, with its standard output on a pipe. Ends with the test, by its own process id.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& command);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// The next line it prints, without the line end; empty when it prints no more.
  [[nodiscard]] std::string readLine();
  void signal(int number) const;
  /// Returns: its exit code, or 128 plus the signal that ended it.
  int wait();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string buffer_;
};

}  // namespace support
