#pragma once

#include <cstddef>
#include <string>

// What the process has is the application's to say.
namespace tidewire::native {

/// Whether so many file descriptors could be made now.
[[nodiscard]] bool descriptorsFree(std::size_t count);

/// Why a connection cannot be made, for people: the process has no descriptor left, or has got one for which
/// libwebsockets' table has no room.
[[nodiscard]] std::string noDescriptorLeft();
[[nodiscard]] std::string descriptorsBeyond(std::size_t table);

/// Has the soft limit of descriptors fit for libwebsockets, which sizes a table by it when it starts, and puts it back.
class DescriptorLimitFits {
 public:
  DescriptorLimitFits();
  ~DescriptorLimitFits();
  DescriptorLimitFits(const DescriptorLimitFits&) = delete;
  DescriptorLimitFits& operator=(const DescriptorLimitFits&) = delete;

  /// How many descriptors that table has room for.
  [[nodiscard]] std::size_t table() const { return table_; }

 private:
  std::size_t before_ = 0;
  std::size_t table_ = 0;
};

}  // namespace tidewire::native
