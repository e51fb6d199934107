#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tidewire::native {

/// Addresses of a host name: numeric, the best first, address families in turn (RFC 8305 section 4).
struct Addresses {
  std::vector<std::string> numeric = {};
  std::string error = {};  ///< For people; empty if `numeric` is not.
};

/// The addresses of hosts that need no look-up: an IPv4 or IPv6 literal, localhost and the names below it (RFC 6761
/// section 6.3); empty for any other host.
[[nodiscard]] std::optional<Addresses> withoutLookUp(const std::string& host);

struct LookUpJob;

/// A name look-up, on a thread of its own because the system's look-up blocks.
///
/// At most `kAtOnce` run at a time; others wait. Look-ups of the same name are shared. The system's look-up cannot be
/// cancelled, but destroying a `LookUp` frees its place: a waiting one is removed, and a running one no longer counts
/// towards `kAtOnce`. There are never more than `kMostThreads` threads, and `kMostOfOneName` of them look up the same
/// name. If a look-up would have to wait, a previous answer of at most `kKnownMinutes` is used instead.
class LookUp {
 public:
  static constexpr std::size_t kAtOnce = 4;
  static constexpr std::size_t kMostThreads = 32;
  static constexpr std::size_t kMostOfOneName = 2;
  static constexpr int kKnownMinutes = 10;
  static constexpr std::size_t kMostKnown = 64;

  using Done = std::function<void(Addresses)>;

  LookUp() = default;
  /// Calls `done` once, on any thread, possibly inside this call, possibly after this object is destroyed.
  LookUp(const std::string& host, Done done);
  LookUp(LookUp&& other) noexcept;
  LookUp& operator=(LookUp&& other) noexcept;
  ~LookUp();

 private:
  std::uint64_t number_ = 0;
  std::shared_ptr<LookUpJob> job_;  // Null once there is no place to free.
};

}  // namespace tidewire::native
