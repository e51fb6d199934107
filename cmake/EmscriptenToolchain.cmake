# Finds the toolchain file of whichever Emscripten is on the PATH (emsdk's or the distribution's) and hands over to it.

find_program(emcc_path emcc REQUIRED)
file(REAL_PATH ${emcc_path} emcc_real)
cmake_path(GET emcc_real PARENT_PATH emscripten_dir)
set(emscripten_toolchain ${emscripten_dir}/cmake/Modules/Platform/Emscripten.cmake)
if(NOT EXISTS ${emscripten_toolchain})
  set(emscripten_toolchain /usr/share/emscripten/cmake/Modules/Platform/Emscripten.cmake)
endif()
include(${emscripten_toolchain})
