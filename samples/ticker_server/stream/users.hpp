#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "server/application.hpp"

namespace ticker::stream {

/// Who may come, and by which token.
class Users {
 public:
  struct Token {
    std::string user;
    std::string token;
  };
  struct Settings {
    std::vector<Token> tokens;         ///< None: everybody may come, with any token or none, and all are one user.
    std::vector<std::string> expired;  ///< Refused from the start, as tokens that were good once.
    std::int64_t lifetimeMs = 0;       ///< From a token's first use; 0: it lasts.
  };

  explicit Users(const Settings& settings);

  /// `now`, and when the token expires, are by the same clock.
  tidewire::server::TokenVerdict check(const std::string& token, std::int64_t now);

 private:
  struct Known {
    std::string user;
    std::optional<std::int64_t> firstUse = {};
  };

  std::unordered_map<std::string, Known> tokens_;
  std::unordered_set<std::string> expired_;
  std::int64_t lifetimeMs_;
};

}  // namespace ticker::stream
