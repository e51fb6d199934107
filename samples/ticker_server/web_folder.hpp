#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace ticker {

/// The folder that is served over HTTP.
class WebFolder {
 public:
  /// Throws: std::runtime_error if `folder` is not a folder.
  explicit WebFolder(const std::filesystem::path& folder);

  /// The file that a decoded URL path names; "/" names `index.html`. Never a file outside the folder, whatever the path
  /// and whatever symbolic links the folder holds.
  [[nodiscard]] std::optional<std::filesystem::path> find(std::string_view urlPath) const;

 private:
  std::string prefix_;  // The folder without links, and a slash.
};

/// The media type by the file's extension, as pages need it: `.wasm` must be `application/wasm` to be compiled while it
/// streams in.
std::string_view mediaType(const std::filesystem::path& file);

}  // namespace ticker
