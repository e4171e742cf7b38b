# SPDX-License-Identifier: MIT
# Installs the headers, the CMake package, the pkg-config file and the licence.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/rivulet")  # share, not lib: headers are for any machine
target_include_directories(rivulet INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/rivulet" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/rivulet")

install(TARGETS rivulet EXPORT rivulet)
install(EXPORT rivulet NAMESPACE rivulet:: FILE rivuletTargets.cmake DESTINATION "${package_dir}")
if(RIVULET_KERNELS)  # an export of its own: who has only the headers has no file that names a library
    set_target_properties(rivulet_kernels PROPERTIES OUTPUT_NAME rivulet_kernels)
    install(TARGETS rivulet_kernels EXPORT rivuletKernels ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    install(EXPORT rivuletKernels NAMESPACE rivulet:: FILE rivuletKernels.cmake DESTINATION "${package_dir}")
endif()
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/rivuletConfig.cmake.in" "${PROJECT_BINARY_DIR}/rivuletConfig.cmake"
    INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/rivuletConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion  # while the version is 0.x, a new minor version may break what was
    ARCH_INDEPENDENT)
install(FILES
    "${PROJECT_BINARY_DIR}/rivuletConfig.cmake"
    "${PROJECT_BINARY_DIR}/rivuletConfigVersion.cmake"
    "${CMAKE_CURRENT_LIST_DIR}/RivuletDependencies.cmake"
    DESTINATION "${package_dir}")

# Relative to the file itself, so that an installed tree may be moved.
set(pkgconfig_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")
file(RELATIVE_PATH pkgconfig_prefix "${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" pkgconfig_prefix "${pkgconfig_prefix}")
cmake_path(IS_ABSOLUTE CMAKE_INSTALL_INCLUDEDIR include_is_absolute)
if(include_is_absolute)
    set(pkgconfig_includedir "${CMAKE_INSTALL_INCLUDEDIR}")
else()
    set(pkgconfig_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
configure_file("${CMAKE_CURRENT_LIST_DIR}/rivulet.pc.in" "${PROJECT_BINARY_DIR}/rivulet.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/rivulet.pc" DESTINATION "${pkgconfig_dir}")
