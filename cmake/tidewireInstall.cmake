# install() and find_package(tidewire).

include(CMakePackageConfigHelpers)

install(TARGETS tidewire EXPORT tidewireTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/sdk/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

get_target_property(TIDEWIRE_LIBRARY_TYPE tidewire TYPE)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tidewire)
install(EXPORT tidewireTargets NAMESPACE tidewire:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/tidewireConfig.cmake.in
  ${PROJECT_BINARY_DIR}/tidewireConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tidewireConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_LIST_DIR}/tidewireLibev.cmake
  ${CMAKE_CURRENT_LIST_DIR}/tidewireLibwebsockets.cmake
  ${PROJECT_BINARY_DIR}/tidewireConfig.cmake
  ${PROJECT_BINARY_DIR}/tidewireConfigVersion.cmake
  DESTINATION ${package_dir})
