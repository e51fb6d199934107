#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "model.hpp"
#include "sparkline.hpp"

namespace dashboard {

/// The terminal, ours from construction to destruction.
class Screen {
 public:
  /// Returns: null if there is no terminal that can place its cursor.
  [[nodiscard]] static std::unique_ptr<Screen> open(Charset charset);

  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen();

  void draw(const Model& model, const std::string& url, Time now);

  /// Waits for a key at most that long.
  ///
  /// Returns: the key, or a negative number if none was pressed.
  [[nodiscard]] int waitForKey(std::chrono::milliseconds time);

 private:
  struct Handle;
  Screen(std::unique_ptr<Handle> handle, Charset charset);

  void drawHeader(const Model& model, const std::string& url, Time now);
  void drawSeries(const Model& model);
  void drawRefusal(const std::string& symbol, const Series& series, int top);
  void drawFigures(const Series& series, int top, int lines);
  void drawChart(const Series& series, int top, int lines);
  void drawFooter(std::size_t hidden);

  std::unique_ptr<Handle> handle_;
  Charset charset_;
};

}  // namespace dashboard
