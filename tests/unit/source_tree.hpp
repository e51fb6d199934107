#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The C++ files of this project, and what they include, for tests of its structure.
namespace tidewire::tree {

struct Include {
  std::string name;
  bool isSystem;  ///< In angle brackets.
  int line;
};

/// What a line includes; nothing if it is no `#include`.
inline std::optional<Include> includeOf(std::string_view text, int line = 0) {
  const auto skipBlanks = [&text] { text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size())); };
  skipBlanks();
  if (!text.starts_with('#')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  skipBlanks();
  if (!text.starts_with("include")) {
    return std::nullopt;
  }
  const std::size_t open = text.find_first_of("<\"");
  const std::size_t close = text.find_last_of(">\"");
  if (open == std::string_view::npos || close <= open) {
    return std::nullopt;
  }
  return Include{std::string(text.substr(open + 1, close - open - 1)), text[open] == '<', line};
}

inline std::vector<Include> includesOf(const std::filesystem::path& path) {
  std::vector<Include> includes;
  std::ifstream file(path);
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    if (std::optional<Include> include = includeOf(line, ++number)) {
      includes.push_back(std::move(*include));
    }
  }
  return includes;
}

/// Relative to the project's folder, sorted.
inline std::vector<std::string> filesIn(const std::string& folder) {
  namespace fs = std::filesystem;
  const fs::path root = TIDEWIRE_SOURCE_DIR;
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() && (extension == ".hpp" || extension == ".cpp")) {
      files.push_back(entry.path().lexically_relative(root).generic_string());
    }
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace tidewire::tree
