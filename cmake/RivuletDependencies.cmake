# SPDX-License-Identifier: MIT
# Finds Eigen and xsimd, for the build and for the installed package alike; RIVULET_MISSING names what was not found.
#
# No version is asked for: the version files of xsimd and of Eigen 3.4 accept their own major version only, so no one request fits all that work
# (xsimd 8.1 to 14, Eigen 3.4 and 5). What is found is checked afterwards. A target that the host has already is left as it is.
cmake_policy(VERSION 3.21)  # the host of an installed package may be older
set(RIVULET_MISSING "")

if(NOT TARGET Eigen3::Eigen)
    find_package(Eigen3 CONFIG QUIET)
    if(NOT TARGET Eigen3::Eigen)
        list(APPEND RIVULET_MISSING "Eigen 3.4 or newer")
    elseif(Eigen3_VERSION AND Eigen3_VERSION VERSION_LESS 3.4)
        list(APPEND RIVULET_MISSING "Eigen 3.4 or newer (found ${Eigen3_VERSION})")
    endif()
endif()

if(NOT TARGET xsimd)
    find_package(xsimd CONFIG QUIET)
    if(NOT TARGET xsimd)  # headers without a CMake package: a copy in the host's tree, or one that a Python wheel brings
        find_path(RIVULET_XSIMD_INCLUDE_DIR xsimd/xsimd.hpp DOC "The folder that holds xsimd/xsimd.hpp")
        if(RIVULET_XSIMD_INCLUDE_DIR)
            add_library(xsimd INTERFACE IMPORTED)
            set_target_properties(xsimd PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${RIVULET_XSIMD_INCLUDE_DIR}")
        else()
            list(APPEND RIVULET_MISSING "xsimd 8.1 or newer")
        endif()
    elseif(xsimd_VERSION AND xsimd_VERSION VERSION_LESS 8.1)
        list(APPEND RIVULET_MISSING "xsimd 8.1 or newer (found ${xsimd_VERSION})")
    endif()
endif()

# Debian 12's xsimd links a library xtl that it neither needs nor finds (xsimd issue 869): without this every link fails with "cannot find -lxtl".
if(TARGET xsimd AND NOT TARGET xtl)
    get_target_property(rivulet_xsimd_links xsimd INTERFACE_LINK_LIBRARIES)
    if(rivulet_xsimd_links AND "xtl" IN_LIST rivulet_xsimd_links)
        list(REMOVE_ITEM rivulet_xsimd_links xtl)
        set_target_properties(xsimd PROPERTIES INTERFACE_LINK_LIBRARIES "${rivulet_xsimd_links}")
    endif()
    unset(rivulet_xsimd_links)
endif()
