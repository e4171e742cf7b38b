# SPDX-License-Identifier: MIT
# Judges one file that must not compile: cmake -DCOMPILER=... -DFLAGS=... -DINCLUDES=a|b -DFILE=x.cpp -P must_not_compile.cmake
#
# The file says `// expect: <regex>`, once or more: each must match what the compiler prints (CMake's regular expressions, no semicolon).
# With -DRIVULET_SHOULD_COMPILE the same file has to compile, so that a case cannot rot into failing for another reason.
# FLAGS must keep the compiler from quoting the source, which holds the expected words in any case.
cmake_minimum_required(VERSION 3.21)
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/RivuletScript.cmake")
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
string(REPLACE "|" ";" includes "${INCLUDES}")
list(TRANSFORM includes PREPEND -I)
set(command "${COMPILER}" ${flags} -std=c++20 -fsyntax-only -fno-diagnostics-color ${includes} "${FILE}")

file(STRINGS "${FILE}" expectations REGEX "^// expect: .")
if(NOT expectations)
    rivulet_fail("${FILE} lacks a line '// expect: <regex>'")
endif()

execute_process(COMMAND ${command} -DRIVULET_SHOULD_COMPILE RESULT_VARIABLE result ERROR_VARIABLE errors OUTPUT_VARIABLE errors)
if(NOT result EQUAL 0)
    rivulet_fail("${FILE} must compile with -DRIVULET_SHOULD_COMPILE, but the compiler says:\n${errors}")
endif()

execute_process(COMMAND ${command} RESULT_VARIABLE result ERROR_VARIABLE errors OUTPUT_VARIABLE errors)
if(result EQUAL 0)
    rivulet_fail("${FILE} compiles, but must not")
endif()
foreach(expectation IN LISTS expectations)
    string(REGEX REPLACE "^// expect: +" "" expectation "${expectation}")
    if(NOT errors MATCHES "${expectation}")
        rivulet_fail("${FILE}: nothing that the compiler says matches '${expectation}':\n${errors}")
    endif()
endforeach()
