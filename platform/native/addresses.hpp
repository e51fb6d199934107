#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tidewire::native {

/// What a host name stands for: numeric addresses, the best first and the families in turn (RFC 8305 section 4).
struct Addresses {
  std::vector<std::string> numeric = {};
  std::string error = {};  ///< For people; empty if `numeric` is not.
};

/// The addresses of an IPv4 or IPv6 literal, and of localhost and the names below it (RFC 6761 section 6.3), which need
/// no look-up; nothing for any other host.
[[nodiscard]] std::optional<Addresses> withoutLookUp(const std::string& host);

struct LookUpJob;

/// A name look-up, on a thread of its own since the system's look-up blocks.
///
/// So many run at once (`kAtOnce`); others wait their turn. A look-up of a name that somebody else waits for is shared.
/// The system's look-up cannot be taken back, but dropping a `LookUp` gives up its place: one that waits is forgotten,
/// and one that runs no longer counts among `kAtOnce`. There are never more than `kMostThreads` threads, and
/// `kMostOfOneName` of them look up the same name. Where a look-up would have to wait, an answer that is no older than
/// `kKnownMinutes` is used instead.
class LookUp {
 public:
  static constexpr std::size_t kAtOnce = 4;
  static constexpr std::size_t kMostThreads = 32;
  static constexpr std::size_t kMostOfOneName = 2;
  static constexpr int kKnownMinutes = 10;
  static constexpr std::size_t kMostKnown = 64;

  using Done = std::function<void(Addresses)>;

  LookUp() = default;
  /// Has `done` called once, on any thread, perhaps inside this call. It has to bear coming late.
  LookUp(const std::string& host, Done done);
  LookUp(LookUp&& other) noexcept;
  LookUp& operator=(LookUp&& other) noexcept;
  ~LookUp();

 private:
  std::uint64_t number_ = 0;
  std::shared_ptr<LookUpJob> job_;  // Null once there is nothing to give up.
};

}  // namespace tidewire::native
