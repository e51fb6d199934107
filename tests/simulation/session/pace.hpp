#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "core/protocol/server_message.hpp"

namespace tidewire::simulation {

/// How many calls of a connection wait for their answers, and how many may: docs/protocol.md, the end of section 6.
class Pace {
 public:
  void opened() {
    flying_ = {};
    answered_ = {};
  }
  void calledSlow() { ++slow_; }
  void received(const core::protocol::ServerHead& head) {
    using namespace core::protocol;
    if (const auto* ack = std::get_if<core::protocol::Ack>(&head)) {
      answered(ack->id);
    } else if (const auto* reply = std::get_if<core::protocol::Reply>(&head)) {
      answered(reply->id);
    } else if (const auto* error = std::get_if<ErrorHead>(&head); error != nullptr && error->id) {
      answered(*error->id);
    } else if (const auto* welcome = std::get_if<Welcome>(&head)) {
      most_ = {welcome->dedup && welcome->dedup->count > 0 ? welcome->dedup->count : 1024, welcome->requests};
      slowNow_ = slow_;
    }
  }
  /// Returns whether it may be sent.
  bool sends(const std::string& head) {
    constexpr std::string_view kId = R"("id":)";
    const std::size_t at = head.find(kId);
    const std::uint64_t id = at == std::string::npos ? 0 : std::stoull(head.substr(at + kId.size()));
    const std::size_t kind = head.rfind(R"({"op":"publish")", 0) == 0 ? 0 : 1;
    if (head.rfind(R"({"op":"cancel")", 0) == 0) {
      flying_[1].erase(id);
    } else if (id > 0 && (kind == 0 || head.rfind(R"({"op":"request")", 0) == 0)) {
      flying_[kind].insert(id);
      const std::uint64_t paced = slowNow_ > 0 ? first(kind) + answered_[kind] : most_[kind];
      return flying_[kind].size() <= std::min(most_[kind], paced);
    }
    return true;
  }

 private:
  void answered(std::uint64_t id) {
    for (const std::size_t kind : {0u, 1u}) {
      answered_[kind] += flying_[kind].erase(id);
      if (slowNow_ > 0 && first(kind) + answered_[kind] >= most_[kind] && first(kind) < most_[kind]) {
        slow_ = 0;
      }
    }
  }
  [[nodiscard]] std::uint64_t first(std::size_t kind) const {
    return std::max<std::uint64_t>((kind == 0 ? 16u : 8u) >> std::min(slowNow_ - 1, 7u), 1);
  }

  // Of publishes and of requests.
  std::array<std::set<std::uint64_t>, 2> flying_;
  std::array<std::uint64_t, 2> answered_{};
  std::array<std::uint64_t, 2> most_{};
  unsigned slow_ = 0;     // Connections in a row that ended with 4005.
  unsigned slowNow_ = 0;  // The same when this one began.
};

}  // namespace tidewire::simulation
