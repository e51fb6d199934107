#pragma once

#include <cstddef>
#include <string>

namespace support {

/// The system's resolver in the hands of a test: in the program that this is linked to, names below "scripted" are
/// answered as the test says, and all others by the system. They do not exist unless the test says otherwise.
class Names {
 public:
  Names();
  /// Lets every look-up that hangs go on, and waits until none is under way.
  ~Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  void answer(const std::string& name, const std::string& address);
  /// Look-ups of it hang until it is answered or `release` is called.
  void hang(const std::string& name);
  void release();

  /// How often it was looked up.
  [[nodiscard]] std::size_t asked(const std::string& name) const;
  /// Whether the thread of the last look-up blocked the signal.
  [[nodiscard]] bool blocked(int signal) const;
  /// How many look-ups hang now: all, and those of one name.
  [[nodiscard]] std::size_t hanging() const;
  [[nodiscard]] std::size_t hanging(const std::string& name) const;
};

}  // namespace support
