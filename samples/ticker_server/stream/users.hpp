#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

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

  /// What there is to say of a token: the user whom it names, or the code of the error that refuses it.
  struct Verdict {
    std::string user = {};
    std::string_view refusal = {};
    std::optional<std::int64_t> expires = {};  ///< By the clock of `now`.
  };

  explicit Users(const Settings& settings);

  Verdict check(const std::string& token, std::int64_t now);

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
