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

# tidewire_reads_command_line(<file>...): CLI11 is templates that take longer to optimise than anybody waits for them.
function(tidewire_reads_command_line)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS -O0 SKIP_PRECOMPILE_HEADERS ON)
endfunction()

# tidewire_count_branches(<target>): lets a fuzz target that links this see which branches an input takes.
function(tidewire_count_branches target)
  if(TIDEWIRE_BUILD_FUZZERS)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# tidewire_precompile(<target> [<header>...]): the standard library, which takes longer to read than most of our files to
# compile, and these. A file of the library that lacks an include is found by the test package.subdirectory; others, where
# this is off.
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
