#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connection.hpp"

namespace ticker {

/// Sends at most one text, then closes.
class ClosingConnection final : public Connection {
 public:
  /// An empty `text` is not sent.
  ClosingConnection(lws* socket, std::string text, std::uint16_t code, std::string_view reason);

  void received(const Piece& /*piece*/) override {}

 protected:
  bool writeNext() override;

 private:
  std::string text_;
  std::uint16_t code_;
  std::string reason_;
};

}  // namespace ticker
