// Reads heads as a client does, for a test that compares this with what somebody else makes of them. On its standard
// input each comes after its length, four bytes, the least significant first. For each it prints a line: what it is
// read as, in JSON.

#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <variant>

#include "core/bytes.hpp"
#include "core/protocol/head_fields.hpp"
#include "support/head_vector.hpp"

int main() {
  using namespace tidewire::core;
  const std::string input(std::istreambuf_iterator<char>(std::cin), {});
  std::string_view rest = input;
  while (rest.size() >= 4) {
    std::size_t length = 0;
    for (std::size_t at = 4; at-- > 0;) {
      length = length << 8 | static_cast<unsigned char>(rest[at]);
    }
    rest.remove_prefix(4);
    const std::string_view head = rest.substr(0, length);
    rest.remove_prefix(head.size());
    std::cout << std::visit(protocol::AsVector{}, protocol::readServerHead(asBytes(head))).dump() << '\n';
  }
}
