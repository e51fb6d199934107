#include "web_folder.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace ticker {

namespace fs = std::filesystem;

WebFolder::WebFolder(const fs::path& folder) {
  std::error_code error;
  const fs::path real = fs::canonical(folder, error);
  if (error || !fs::is_directory(real, error)) {
    throw std::runtime_error("--web: " + folder.string() + " is not a folder");
  }
  prefix_ = real.string();
  if (!prefix_.ends_with('/')) {
    prefix_ += '/';
  }
}

std::optional<fs::path> WebFolder::find(std::string_view urlPath) const {
  if (!urlPath.starts_with('/') || urlPath.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view name = urlPath == "/" ? "index.html" : urlPath.substr(1);
  std::error_code error;
  const fs::path real = fs::canonical(prefix_ + std::string(name), error);
  if (error || !real.string().starts_with(prefix_) || !fs::is_regular_file(real, error)) {
    return std::nullopt;
  }
  return real;
}

std::string_view mediaType(const fs::path& file) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kTypes{{
      {".css", "text/css; charset=utf-8"},
      {".html", "text/html; charset=utf-8"},
      {".ico", "image/x-icon"},
      {".js", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".png", "image/png"},
      {".svg", "image/svg+xml"},
      {".txt", "text/plain; charset=utf-8"},
      {".wasm", "application/wasm"},
      {".woff2", "font/woff2"},
  }};
  const std::string extension = file.extension().string();
  const auto* const known = std::ranges::find(kTypes, extension, &std::pair<std::string_view, std::string_view>::first);
  return known != kTypes.end() ? known->second : "application/octet-stream";
}

}  // namespace ticker
