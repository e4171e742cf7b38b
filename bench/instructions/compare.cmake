# SPDX-License-Identifier: MIT
# Counts the instructions of each workload and compares them with the file; one that takes over 3 % more fails.
#   cmake -DVALGRIND=... -DPROGRAM=... -DCOUNTS=counts.txt [-DUPDATE=ON] -P compare.cmake
# An operation's count is the difference of two runs, so that neither start nor preparation counts. Noise is none: the machine's load, its
# caches and its clock change nothing. The counts are those of one compiler, which the file names, for x86-64-v3.
cmake_minimum_required(VERSION 3.21)
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/RivuletScript.cmake")

function(rivulet_instructions_of workload times result)
    execute_process(COMMAND "${VALGRIND}" --tool=callgrind --callgrind-out-file=/dev/null "${PROGRAM}" "${workload}" ${times}
        OUTPUT_VARIABLE printed ERROR_VARIABLE said RESULT_VARIABLE status)
    if(NOT status EQUAL 0 OR NOT said MATCHES "Collected : ([0-9]+)")
        rivulet_fail("${PROGRAM} ${workload} ${times} under valgrind ended with ${status}:\n${printed}${said}")
    endif()
    set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
endfunction()

set(times 10)
file(STRINGS "${COUNTS}" lines)
set(written "")
set(failed "")
foreach(line IN LISTS lines)
    if(NOT line MATCHES "^([^# ]+) +([0-9]+)$")
        string(APPEND written "${line}\n")
        continue()
    endif()
    set(workload "${CMAKE_MATCH_1}")
    set(before "${CMAKE_MATCH_2}")
    rivulet_instructions_of("${workload}" 1 once)
    math(EXPR more "1 + ${times}")
    rivulet_instructions_of("${workload}" ${more} often)
    math(EXPR now "(${often} - ${once}) / ${times}")
    math(EXPR change "${now} * 1000 / ${before} - 1000")  # in tenths of a percent
    message(STATUS "${workload}: ${now} instructions, ${before} in the file (${change} per mille)")
    if(change GREATER 30)
        string(APPEND failed "  ${workload}: ${now} instructions where the file has ${before}\n")
    endif()
    string(APPEND written "${workload} ${now}\n")
endforeach()
if(UPDATE)
    file(WRITE "${COUNTS}" "${written}")
elseif(failed)
    rivulet_fail("over 3 % more instructions than ${COUNTS} has:\n${failed}If that is worth it, run this again with -DUPDATE=ON")
endif()
