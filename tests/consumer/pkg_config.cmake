# SPDX-License-Identifier: MIT
# Builds and runs a host with what pkg-config says, no CMake: cmake -DPKG_CONFIG=... -DPREFIX=... -DCOMPILER=... -DFLAGS=... -DSOURCE=... -DPROGRAM=...
cmake_minimum_required(VERSION 3.21)
set(path "${PREFIX}/share/pkgconfig")
if(DEFINED ENV{PKG_CONFIG_PATH})
    string(APPEND path ":$ENV{PKG_CONFIG_PATH}")
endif()
set(ENV{PKG_CONFIG_PATH} "${path}")

execute_process(COMMAND "${PKG_CONFIG}" --cflags rivulet OUTPUT_VARIABLE cflags COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(cflags UNIX_COMMAND "${cflags}")
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
execute_process(COMMAND "${COMPILER}" ${flags} -std=c++20 ${cflags} "${SOURCE}" -o "${PROGRAM}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${PROGRAM}" COMMAND_ERROR_IS_FATAL ANY)
