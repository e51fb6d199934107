# Finds libwebsockets by pkg-config: the target PkgConfig::LIBWEBSOCKETS, and `tidewire_libwebsockets_fault`, which is
# empty, or says why the library would not work and what to do. Every configuration judges anew, since people mend what
# it says.
#
# Requires: find_package(PkgConfig).

# Reads the library's features from the message of a static_assert. Unlike the text of lws_config.h it follows includes,
# and unlike strings in an object file it is readable with -flto.
function(tidewire_read_libwebsockets_features out)
  set(source ${CMAKE_BINARY_DIR}/CMakeFiles/tidewire_libwebsockets_features.cpp)
  file(WRITE ${source} [[
#include <lws_config.h>
#ifdef LWS_WITH_SERVER
#define SERVER "server "
#else
#define SERVER ""
#endif
#ifdef LWS_WITH_LIBEV
#define LIBEV "libev "
#else
#define LIBEV ""
#endif
#ifdef LWS_WITH_EVLIB_PLUGINS
#define PLUGINS "plugins "
#else
#define PLUGINS ""
#endif
#ifdef USE_WOLFSSL
#define WOLFSSL "wolfssl "
#else
#define WOLFSSL ""
#endif
#ifndef LWS_INSTALL_LIBDIR
#define LWS_INSTALL_LIBDIR ""
#endif
static_assert(false, "features<" SERVER LIBEV PLUGINS WOLFSSL "|" LWS_INSTALL_LIBDIR ">");
]])
  try_compile(tidewire_ignored ${CMAKE_BINARY_DIR} ${source}
    CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${LIBWEBSOCKETS_INCLUDE_DIRS}" -DCMAKE_CXX_STANDARD=20
    OUTPUT_VARIABLE output)
  unset(tidewire_ignored CACHE)
  if(NOT output MATCHES "features<([a-z ]*)\\|([^>\"]*)>")
    set(${out} UNREADABLE PARENT_SCOPE)
    return()
  endif()
  separate_arguments(features UNIX_COMMAND "${CMAKE_MATCH_1}")
  set(${out} ${features} PARENT_SCOPE)
  set(${out}_libdir "${CMAKE_MATCH_2}" PARENT_SCOPE)
endfunction()

# libwebsockets looks for the plug-in in its LWS_INSTALL_LIBDIR at run time; when cross-compiling that is on the other
# machine.
function(tidewire_judge_libwebsockets out)
  tidewire_read_libwebsockets_features(features)
  set(plugin ${features_libdir}/libwebsockets-evlib_ev${CMAKE_SHARED_LIBRARY_SUFFIX})
  set(fault "")
  if(features STREQUAL UNREADABLE)
    set(fault "lws_config.h, a header of libwebsockets, does not compile (Debian and Ubuntu: libwebsockets-dev)")
  elseif(NOT server IN_LIST features)
    # It takes connected sockets over only there. Its client is not used.
    set(fault "libwebsockets was built without its server part, which takes sockets over; \
build it with -DLWS_WITHOUT_SERVER=OFF")
  elseif(NOT libev IN_LIST features)
    set(fault "libwebsockets was built without libev; build it with -DLWS_WITH_LIBEV=ON")
  elseif(wolfssl IN_LIST features)
    set(fault "libwebsockets was built for wolfSSL, whose headers and those of OpenSSL exclude each other; \
build it with -DLWS_WITH_WOLFSSL=OFF")
  elseif(plugins IN_LIST features AND NOT CMAKE_CROSSCOMPILING AND NOT EXISTS "${plugin}")
    set(fault "libwebsockets needs its libev plug-in, and there is no ${plugin}. Debian and Ubuntu: \
apt-get install libwebsockets-evlib-ev. Elsewhere: build libwebsockets with -DLWS_WITH_LIBEV=ON, and with \
-DLWS_WITH_EVLIB_PLUGINS=OFF if it shall need no plug-in")
  endif()
  set(${out} "${fault}" PARENT_SCOPE)
endfunction()

pkg_check_modules(LIBWEBSOCKETS QUIET IMPORTED_TARGET libwebsockets>=4.1)
if(NOT LIBWEBSOCKETS_FOUND)
  set(tidewire_libwebsockets_fault
    "pkg-config found no libwebsockets 4.1 or later (Debian and Ubuntu: libwebsockets-dev)")
elseif(CMAKE_CXX_COMPILER_LOADED)
  tidewire_judge_libwebsockets(tidewire_libwebsockets_fault)
else()
  set(tidewire_libwebsockets_fault "")
endif()
if(tidewire_libwebsockets_fault)
  # The next configuration may have a PKG_CONFIG_PATH that leads to another library.
  unset(LIBWEBSOCKETS_FOUND CACHE)
endif()
