# SPDX-License-Identifier: MIT
# Overlay port that packages the checkout it lies in: vcpkg install rivulet --overlay-ports=cmake/vcpkg
set(VCPKG_BUILD_TYPE release)  # header-only

# A port in a registry has vcpkg_from_github(... REF "v${VERSION}" SHA512 ...) here instead.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DRIVULET_BUILD_TESTS=OFF
        -DRIVULET_BUILD_EXAMPLES=OFF
        -DRIVULET_BUILD_BENCH=OFF
        -DRIVULET_INSTALL=ON)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/rivulet)
vcpkg_fixup_pkgconfig()

file(REMOVE_RECURSE
    "${CURRENT_PACKAGES_DIR}/lib"
    "${CURRENT_PACKAGES_DIR}/share/cmake"
    "${CURRENT_PACKAGES_DIR}/share/licenses")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
