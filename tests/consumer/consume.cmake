# SPDX-License-Identifier: MIT
# Builds a host from nothing and runs it: cmake -DSOURCE=... -DBUILD=... -DGENERATOR=... -DARGUMENTS=a|b -P consume.cmake
cmake_minimum_required(VERSION 3.21)
string(REPLACE "|" ";" arguments "${ARGUMENTS}")
file(REMOVE_RECURSE "${BUILD}")  # a host sees rivulet for the first time

execute_process(COMMAND "${CMAKE_COMMAND}" -G "${GENERATOR}" ${arguments} -S "${SOURCE}" -B "${BUILD}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${BUILD}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${BUILD}/host" COMMAND_ERROR_IS_FATAL ANY)
