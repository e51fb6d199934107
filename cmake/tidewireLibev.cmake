# Finds libev, which comes with neither a CMake package nor a pkg-config file: the target tidewire::libev, or no such
# target. No find module, since a parent project may have one of the same name that makes another target.

find_path(TIDEWIRE_LIBEV_INCLUDE_DIR ev.h)
find_library(TIDEWIRE_LIBEV_LIBRARY ev)
mark_as_advanced(TIDEWIRE_LIBEV_INCLUDE_DIR TIDEWIRE_LIBEV_LIBRARY)

if(TIDEWIRE_LIBEV_INCLUDE_DIR AND TIDEWIRE_LIBEV_LIBRARY AND NOT TARGET tidewire::libev)
  add_library(tidewire::libev UNKNOWN IMPORTED)
  set_target_properties(tidewire::libev PROPERTIES
    IMPORTED_LOCATION ${TIDEWIRE_LIBEV_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${TIDEWIRE_LIBEV_INCLUDE_DIR})
endif()
