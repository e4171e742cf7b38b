# SPDX-License-Identifier: MIT
# Runs the port without vcpkg and checks the package that it makes: cmake -DWORK=<scratch folder> -DHINTS=<cache script> -DGENERATOR=<name> -P <this>
#
# The functions below do what vcpkg's of the same name do, as far as this port uses them, and so are stricter than a look at the file.
cmake_minimum_required(VERSION 3.21)
get_filename_component(root "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
include("${root}/cmake/RivuletScript.cmake")

set(PORT rivulet)
set(CURRENT_PACKAGES_DIR "${WORK}/package")
set(CURRENT_BUILDTREES_DIR "${WORK}/build")
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}" "${CURRENT_BUILDTREES_DIR}")

function(vcpkg_cmake_configure)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
    execute_process(COMMAND "${CMAKE_COMMAND}" -G "${GENERATOR}" -C "${HINTS}" -S "${arg_SOURCE_PATH}" -B "${CURRENT_BUILDTREES_DIR}"
        "-DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}" ${arg_OPTIONS} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_install)
    execute_process(COMMAND "${CMAKE_COMMAND}" --build "${CURRENT_BUILDTREES_DIR}" --target install OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_config_fixup)  # moves the CMake package to share/<port>
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "CONFIG_PATH" "")
    if(NOT IS_DIRECTORY "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}")
        rivulet_fail("the port says that the CMake package is in ${arg_CONFIG_PATH}, which was not installed")
    endif()
    file(GLOB files "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/*")
    foreach(file IN LISTS files)
        file(READ "${file}" text)
        # The prefix is found by going up from the file, which now lies one folder higher.
        string(REPLACE "/../../../\" ABSOLUTE" "/../../\" ABSOLUTE" text "${text}")
        set(up "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\n")
        string(REPLACE "${up}${up}${up}" "${up}${up}" text "${text}")
        get_filename_component(name "${file}" NAME)
        file(WRITE "${CURRENT_PACKAGES_DIR}/share/${PORT}/${name}" "${text}")
        file(REMOVE "${file}")
    endforeach()
    file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}")
endfunction()

function(vcpkg_fixup_pkgconfig)
endfunction()

function(vcpkg_install_copyright)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
    file(INSTALL ${arg_FILE_LIST} DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}" RENAME copyright)
endfunction()

# ---- the version stands in the header; the port repeats it because vcpkg reads it before there is a source
file(STRINGS "${root}/include/rivulet/core/config.hpp" header REGEX "^#define RIVULET_VERSION_")
string(REGEX REPLACE ".*MAJOR +([0-9]+).*MINOR +([0-9]+).*PATCH +([0-9]+).*" "\\1.\\2.\\3" version "${header}")
file(READ "${CMAKE_CURRENT_LIST_DIR}/rivulet/vcpkg.json" manifest)
string(JSON port_version GET "${manifest}" version)
if(NOT port_version STREQUAL version)
    rivulet_fail("vcpkg.json says version ${port_version}, core/config.hpp says ${version}")
endif()

include("${CMAKE_CURRENT_LIST_DIR}/rivulet/portfile.cmake")

# ---- what vcpkg, or whoever reviews a port, checks of a package
foreach(file IN ITEMS include/rivulet/rivulet.hpp share/rivulet/rivuletConfig.cmake share/rivulet/copyright share/rivulet/usage
        share/pkgconfig/rivulet.pc)
    if(NOT EXISTS "${CURRENT_PACKAGES_DIR}/${file}")
        rivulet_fail("the package lacks ${file}")
    endif()
endforeach()
foreach(folder IN ITEMS lib bin debug share/cmake share/licenses)
    if(EXISTS "${CURRENT_PACKAGES_DIR}/${folder}")
        rivulet_fail("the package must not hold ${folder}")
    endif()
endforeach()
file(GLOB_RECURSE files "${CURRENT_PACKAGES_DIR}/*")
foreach(file IN LISTS files)
    file(READ "${file}" text)
    foreach(path IN ITEMS "${CURRENT_PACKAGES_DIR}" "${CURRENT_BUILDTREES_DIR}" "${root}")
        string(FIND "${text}" "${path}" at)
        if(NOT at EQUAL -1)
            rivulet_fail("${file} holds the path ${path} of this machine")
        endif()
    endforeach()
endforeach()

# ---- and a host builds with it
set(SOURCE "${root}/tests/consumer/find_package")
set(BUILD "${WORK}/host")
set(ARGUMENTS "-C|${HINTS}|-Drivulet_DIR=${CURRENT_PACKAGES_DIR}/share/rivulet|-DEXPECTED_VERSION=${version}")
include("${root}/tests/consumer/consume.cmake")
