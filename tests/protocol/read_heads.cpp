// Reads heads as a client does, for a test that compares this with what somebody else makes of them.

#include <nlohmann/json.hpp>
#include <string_view>
#include <variant>

#include "core/bytes.hpp"
#include "core/protocol/head_reader.hpp"
#include "head_lines.hpp"
#include "support/head_vector.hpp"

int main() {
  using namespace tidewire::core;
  answerHeads([](std::string_view head) -> nlohmann::json {
    return std::visit(protocol::AsVector{}, protocol::readServerHead(asBytes(head)));
  });
}
