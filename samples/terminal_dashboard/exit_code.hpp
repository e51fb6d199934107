#pragma once

namespace dashboard {

constexpr int kDone = 0;
constexpr int kNoPrice = 1;
constexpr int kUnusableUrl = 2;
constexpr int kSignalled = 128;  ///< Plus the signal's number, as a shell reports it.

}  // namespace dashboard
