#pragma once

#include <cstdint>

namespace ticker::stream {

/// Where times come from, in milliseconds.
struct Clock {
  std::int64_t (*wall)();    ///< Since 1970.
  std::int64_t (*steady)();  ///< Since some moment.
};

}  // namespace ticker::stream
