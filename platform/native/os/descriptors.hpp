#pragma once

#include <cstddef>
#include <string>

// The limits of the process belong to the application.
namespace tidewire::native {

/// Whether this number of file descriptors is available now.
[[nodiscard]] bool descriptorsFree(std::size_t count);

/// Why a connection cannot be made, for people: the process has no descriptor left, or its number exceeds
/// libwebsockets' table.
[[nodiscard]] std::string noDescriptorLeft();
[[nodiscard]] std::string descriptorsBeyond(std::size_t table);

/// Adjusts the soft limit of descriptors while libwebsockets starts, which sizes a table by it, and restores it.
class DescriptorLimitFits {
 public:
  DescriptorLimitFits();
  ~DescriptorLimitFits();
  DescriptorLimitFits(const DescriptorLimitFits&) = delete;
  DescriptorLimitFits& operator=(const DescriptorLimitFits&) = delete;

  /// Number of descriptors in that table.
  [[nodiscard]] std::size_t table() const { return table_; }

 private:
  std::size_t before_ = 0;
  std::size_t table_ = 0;
};

}  // namespace tidewire::native
