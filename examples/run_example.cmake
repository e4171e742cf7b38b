# SPDX-License-Identifier: MIT
# Runs an example and compares what it prints with what it should: cmake -DPROGRAM=... -DEXPECTED=... -DWORK=... -P run_example.cmake
cmake_minimum_required(VERSION 3.21)
include("${CMAKE_CURRENT_LIST_DIR}/../cmake/RivuletScript.cmake")

execute_process(COMMAND "${PROGRAM}" WORKING_DIRECTORY "${WORK}" OUTPUT_VARIABLE printed RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    rivulet_fail("${PROGRAM} ended with ${result}; it printed:\n${printed}")
endif()
rivulet_same_text(difference "${EXPECTED}" "${printed}" "${WORK}")
if(difference)
    rivulet_fail("${PROGRAM} prints another text than ${EXPECTED}:\n${difference}")
endif()
