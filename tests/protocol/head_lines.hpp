#pragma once

#include <cstddef>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

/// Reads heads from the standard input, each after its length, four bytes, the least significant first, and prints a
/// line for each: what `read` makes of it, in JSON.
template <class Read>
void answerHeads(Read read) {
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
    std::cout << read(head).dump() << '\n';
  }
}
