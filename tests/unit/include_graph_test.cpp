#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "unit/source_tree.hpp"

// Who may include whom. A file may include its own layer and those below it; components, each a header and its source,
// form no circle. A forward declaration is no arrow.
namespace tidewire::tree {
namespace {

/// From the lowest to the highest; a folder inside another comes before it.
constexpr std::array<std::string_view, 6> kLayers = {"sdk/include/", "sdk/src/core/", "sdk/src/platform/",
                                                     "sdk/src/",     "platform/",     "bindings/"};
/// The server half includes its own files only, and none of the SDK includes it.
constexpr std::string_view kServer = "server/";
constexpr std::string_view kSeam = "sdk/src/platform/";
constexpr std::array<std::string_view, 2> kPlatforms = {"platform/native/", "platform/web/"};
/// What the headers of the seam include of a platform.
constexpr std::string_view kPlatformTypes = "platform_types/";

/// All that a binding may include besides its own files and the public headers: the door of the SDK, and the C
/// functions of the glue that the JavaScript package shares with the platform.
constexpr std::array<std::string_view, 2> kForBindings = {"sdk/src/binding_support.hpp", "platform/web/glue.hpp"};

/// What bindings/generator makes of the public headers, and the compiler finds in the build tree.
constexpr std::string_view kGenerated = "described.hpp";

/// The quoted includes of each file, by its path.
using Files = std::map<std::string, std::vector<Include>>;

Files readFiles() {
  Files files;
  for (const char* folder : {"sdk", "platform", "bindings", "server"}) {
    for (const std::string& file : filesIn(folder)) {
      std::vector<Include> includes = includesOf(std::filesystem::path(TIDEWIRE_SOURCE_DIR) / file);
      std::erase_if(includes, [](const Include& include) { return include.isSystem; });
      files.emplace(file, std::move(includes));
    }
  }
  return files;
}

std::size_t layerOf(std::string_view file) {
  const auto found = std::ranges::find_if(kLayers, [file](std::string_view layer) { return file.starts_with(layer); });
  return static_cast<std::size_t>(found - kLayers.begin());
}

std::string_view platformOf(std::string_view file) {
  const auto found =
      std::ranges::find_if(kPlatforms, [file](std::string_view platform) { return file.starts_with(platform); });
  return found == kPlatforms.end() ? std::string_view() : *found;
}

bool isPlatformType(std::string_view file) {
  return file.substr(platformOf(file).size()).starts_with(kPlatformTypes) && !platformOf(file).empty();
}

std::string componentOf(std::string_view file) {
  return std::string(file.substr(0, file.rfind('.')));
}

/// The files that an include may mean, as the compiler finds them: one, or one of each platform.
std::vector<std::string> targetsOf(const Files& files, const std::string& from, const std::string& name) {
  if (name.starts_with(kServer) && files.contains(name)) {
    return {name};
  }
  std::vector<std::string> folders = {from.substr(0, from.rfind('/') + 1), "sdk/include/", "sdk/src/"};
  if (from.starts_with("bindings/js/")) {
    folders.emplace_back("platform/web/");
  } else if (!platformOf(from).empty()) {
    folders.emplace_back(platformOf(from));
  }
  for (const std::string& folder : folders) {
    if (files.contains(folder + name)) {
      return {folder + name};
    }
  }
  std::vector<std::string> targets;
  for (const std::string_view platform : kPlatforms) {
    if (std::string path = std::string(platform) + name; files.contains(path)) {
      targets.push_back(std::move(path));
    }
  }
  return targets;
}

bool isAllowed(const std::string& from, const std::string& to) {
  if (from.starts_with(kServer) || to.starts_with(kServer)) {
    return from.starts_with(kServer) && to.starts_with(kServer);
  }
  if (from.starts_with("bindings/")) {
    return to.starts_with("bindings/") || to.starts_with("sdk/include/") ||
           std::ranges::find(kForBindings, to) != kForBindings.end();
  }
  if (from.starts_with(kSeam) && isPlatformType(to)) {
    return true;
  }
  if (isPlatformType(from) && to.starts_with(kSeam)) {
    return false;
  }
  const bool isOtherPlatform =
      !platformOf(from).empty() && !platformOf(to).empty() && platformOf(from) != platformOf(to);
  return layerOf(to) <= layerOf(from) && !isOtherPlatform;
}

/// The components that each component includes, with the line of one include.
using Graph = std::map<std::string, std::map<std::string, std::string>>;

Graph graphOf(const Files& files) {
  Graph graph;
  for (const auto& [file, includes] : files) {
    for (const Include& include : includes) {
      for (const std::string& target : targetsOf(files, file, include.name)) {
        if (componentOf(target) != componentOf(file)) {
          graph[componentOf(file)].emplace(componentOf(target), file + ":" + std::to_string(include.line));
        }
      }
    }
  }
  return graph;
}

/// What is wrong with single includes, a line each.
std::vector<std::string> wrongArrows(const Files& files) {
  std::vector<std::string> wrong;
  for (const auto& [file, includes] : files) {
    for (const Include& include : includes) {
      const std::string text = file + ":" + std::to_string(include.line) + " includes \"" + include.name + "\"";
      const std::vector<std::string> targets = targetsOf(files, file, include.name);
      if (targets.empty() && include.name != kGenerated) {
        wrong.push_back(text + ", which is no file of the project");
      }
      for (const std::string& target : targets) {
        if (!isAllowed(file, target)) {
          wrong.push_back(text + ", and " + target + " must not be included from here");
        }
      }
    }
  }
  return wrong;
}

/// Finds circles depth first, and says of each where it closes.
class CircleSearch {
 public:
  explicit CircleSearch(const Graph& graph) : graph_(graph) {
    for (const auto& [component, targets] : graph_) {
      visit(component);
    }
  }

  [[nodiscard]] const std::vector<std::string>& circles() const { return circles_; }

 private:
  void visit(const std::string& component) {
    if (done_.contains(component)) {
      return;
    }
    if (const auto open = std::ranges::find(path_, component); open != path_.end()) {
      note(open);
      return;
    }
    path_.push_back(component);
    if (const auto found = graph_.find(component); found != graph_.end()) {
      for (const auto& [target, line] : found->second) {
        visit(target);
      }
    }
    path_.pop_back();
    done_.insert(component);
  }

  void note(std::vector<std::string>::iterator first) {
    std::string text;
    for (auto each = first; each != path_.end(); ++each) {
      const std::string& next = each + 1 == path_.end() ? *first : *(each + 1);
      text += *each + " -> " + next + " (" + graph_.at(*each).at(next) + ")\n";
    }
    circles_.push_back(std::move(text));
  }

  const Graph& graph_;
  std::vector<std::string> path_;
  std::set<std::string> done_;
  std::vector<std::string> circles_;
};

std::vector<std::string> circlesOf(const Files& files) {
  const Graph graph = graphOf(files);
  return CircleSearch(graph).circles();
}

/// Files with these includes, for tests of the test.
Files made(const std::map<std::string, std::vector<std::string>>& includes) {
  Files files;
  for (const auto& [file, names] : includes) {
    std::vector<Include>& list = files[file];
    for (const std::string& name : names) {
      list.push_back({name, false, static_cast<int>(list.size()) + 1});
    }
  }
  return files;
}

}  // namespace

TEST_CASE("include graph: each file includes its own layer and lower ones only") {
  const Files files = readFiles();
  CHECK(files.size() > 150);
  for (const std::string& text : wrongArrows(files)) {
    FAIL_CHECK(text);
  }
}

TEST_CASE("include graph: components form no circle") {
  for (const std::string& text : circlesOf(readFiles())) {
    FAIL_CHECK(text);
  }
}

TEST_CASE("include graph: a circle of headers and sources is found and printed") {
  const Files files = made({{"sdk/src/a.hpp", {}},
                            {"sdk/src/a.cpp", {"a.hpp", "b.hpp"}},
                            {"sdk/src/b.hpp", {"core/c.hpp"}},
                            {"sdk/src/b.cpp", {"b.hpp", "a.hpp"}},
                            {"sdk/src/core/c.hpp", {}}});
  REQUIRE(circlesOf(files).size() == 1);
  CHECK(circlesOf(files)[0] ==
        "sdk/src/a -> sdk/src/b (sdk/src/a.cpp:2)\n"
        "sdk/src/b -> sdk/src/a (sdk/src/b.cpp:2)\n");
  CHECK(wrongArrows(files).empty());
}

TEST_CASE("include graph: an arrow to a higher layer is found") {
  const auto arrows = [](const std::string& from, const std::string& to, const std::string& name) {
    return wrongArrows(made({{from, {name}}, {to, {}}})).size();
  };
  CHECK(arrows("sdk/include/tidewire/a.hpp", "sdk/src/core/b.hpp", "core/b.hpp") == 1);
  CHECK(arrows("sdk/src/core/a.cpp", "sdk/src/b.hpp", "b.hpp") == 1);
  CHECK(arrows("sdk/src/core/a.cpp", "sdk/src/platform/b.hpp", "platform/b.hpp") == 1);
  CHECK(arrows("sdk/src/platform/a.hpp", "sdk/src/b.hpp", "b.hpp") == 1);
  CHECK(arrows("sdk/src/platform/a.hpp", "platform/native/b.hpp", "b.hpp") == 1);
  CHECK(arrows("sdk/src/a.cpp", "platform/web/b.hpp", "b.hpp") == 1);
  CHECK(arrows("sdk/src/a.cpp", "platform/web/platform_types/b.hpp", "platform_types/b.hpp") == 1);
  CHECK(arrows("platform/native/a.cpp", "platform/web/b.hpp", "b.hpp") == 1);
  CHECK(arrows("platform/native/platform_types/a.cpp", "sdk/src/platform/b.hpp", "platform/b.hpp") == 1);
  CHECK(arrows("platform/web/a.cpp", "bindings/js/src/b.hpp", "b.hpp") == 1);
  CHECK(arrows("sdk/src/a.cpp", "sdk/src/b.hpp", "c.hpp") == 1);
  CHECK(arrows("sdk/src/a.cpp", "server/b.hpp", "server/b.hpp") == 1);
  CHECK(arrows("server/a.cpp", "sdk/src/core/b.hpp", "core/b.hpp") == 1);
  CHECK(arrows("server/a.cpp", "samples/ticker_server/market.hpp", "market.hpp") == 1);
  CHECK(arrows("server/a.cpp", "server/b.hpp", "server/b.hpp") == 0);

  CHECK(arrows("bindings/js/src/a.cpp", "sdk/src/b.hpp", "b.hpp") == 1);
  CHECK(arrows("bindings/js/src/a.cpp", "sdk/src/core/b.hpp", "core/b.hpp") == 1);
  CHECK(arrows("bindings/js/src/a.cpp", "sdk/src/platform/b.hpp", "platform/b.hpp") == 1);
  CHECK(arrows("bindings/js/src/a.cpp", "platform/web/b.hpp", "b.hpp") == 1);

  CHECK(arrows("bindings/js/src/a.cpp", "sdk/src/binding_support.hpp", "binding_support.hpp") == 0);
  CHECK(arrows("bindings/js/src/a.cpp", "sdk/include/tidewire/b.hpp", "tidewire/b.hpp") == 0);
  CHECK(arrows("sdk/src/core/a.cpp", "sdk/include/tidewire/b.hpp", "tidewire/b.hpp") == 0);
  CHECK(arrows("sdk/src/platform/a.hpp", "platform/web/platform_types/a.hpp", "platform_types/a.hpp") == 0);
  CHECK(arrows("sdk/src/a.cpp", "sdk/src/platform/b.hpp", "platform/b.hpp") == 0);
  CHECK(arrows("platform/native/os/a.cpp", "platform/native/os/b.hpp", "os/b.hpp") == 0);
  CHECK(arrows("platform/native/a.cpp", "sdk/src/b.hpp", "b.hpp") == 0);
}

}  // namespace tidewire::tree
