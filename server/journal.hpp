#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace tidewire::server {

/// Writes events, publishes and evictions, one JSON line each, for tests that compare them with what clients saw.
class Journal {
 public:
  /// Without `write`, nothing is written.
  explicit Journal(std::function<void(std::string_view line)> write = {}) : write_(std::move(write)) {}

  /// `{"channel":"chat/lobby","epoch":"e7","seq":9}`
  void appended(std::string_view channel, std::string_view epoch, std::uint64_t seq) const;
  /// `{"session":"jXs2...","id":2,"channel":"chat/lobby","seq":9}`
  void published(std::string_view session, std::optional<std::uint64_t> id, std::string_view channel,
                 std::uint64_t seq) const;
  /// `{"evicted":"chat/lobby","to":4}`: that event and all before it.
  void evicted(std::string_view channel, std::uint64_t to) const;

 private:
  std::function<void(std::string_view line)> write_;
};

}  // namespace tidewire::server
