# What our own files are built with. None of it reaches a project that uses the library.

option(TIDEWIRE_DEVELOPER "Warnings are errors" OFF)
option(TIDEWIRE_PRECOMPILE "Read what most files include once a target" ${TIDEWIRE_DEVELOPER})
set(TIDEWIRE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them")

if(TIDEWIRE_SANITIZE)
  # The library has no type information, which the check of virtual tables would need.
  add_compile_options(-fsanitize=${TIDEWIRE_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all
    -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS)
  add_link_options(-fsanitize=${TIDEWIRE_SANITIZE})
endif()

# tidewire_own(<target>) - for every target of this project.
function(tidewire_own target)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic)
  if(TIDEWIRE_DEVELOPER)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# tidewire_reads_command_line(<target> [<file>...]): files of the target that include CLI11, or all that it has. The templates
# of CLI11 take longer to read and to optimise than the rest: they are read once for all targets, and not optimised. Called
# before the target gets its libraries: as an archive the files follow the target's own, whose inline functions are
# optimised, and the libraries follow them.
function(tidewire_reads_command_line target)
  find_package(CLI11 REQUIRED)
  if(NOT TARGET tidewire_cli11)
    set(source ${PROJECT_BINARY_DIR}/cli11/cli11.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "// A target has to have a source.\n")
    add_library(tidewire_cli11 OBJECT EXCLUDE_FROM_ALL ${source})
    tidewire_command_line_options(tidewire_cli11)
    tidewire_precompile(tidewire_cli11 <CLI/CLI.hpp>)
  endif()
  set(files ${target})
  if(ARGN)
    set(files ${target}_command_line)
    add_library(${files} STATIC ${ARGN})
    target_include_directories(${files} PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
    target_compile_definitions(${files} PRIVATE $<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>)
    target_link_libraries(${target} PRIVATE ${files})
  endif()
  tidewire_command_line_options(${files})
  tidewire_precompile_as(tidewire_cli11 ${files})
endfunction()

function(tidewire_command_line_options target)
  tidewire_own(${target})
  target_compile_options(${target} PRIVATE -O0)
  target_link_libraries(${target} PRIVATE CLI11::CLI11)
endfunction()

# tidewire_count_branches(<target>): lets a fuzz target that links this see which branches an input takes.
function(tidewire_count_branches target)
  if(TIDEWIRE_BUILD_FUZZERS)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# tidewire_precompile(<target> [<header>...]): the standard library, which takes longer to read than most of our files to
# compile, and these. What a file of the library lacks is found by the tests package.subdirectory and
# package.standard_includes.
function(tidewire_precompile target)
  if(TIDEWIRE_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <array> <atomic> <chrono> <cstdint> <deque> <functional> <map> <memory> <mutex> <optional> <span>
      <string> <string_view> <unordered_map> <utility> <variant> <vector> ${ARGN})
  endif()
endfunction()

# tidewire_precompile_as(<other> <target>...): the same, for targets that are compiled with the same options.
function(tidewire_precompile_as other)
  if(TIDEWIRE_PRECOMPILE)
    foreach(target IN LISTS ARGN)
      target_precompile_headers(${target} REUSE_FROM ${other})
    endforeach()
  endif()
endfunction()
