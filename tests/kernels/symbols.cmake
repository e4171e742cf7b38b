# SPDX-License-Identifier: MIT
# A unit compiled for new instructions must not define a function that others define too: the linker keeps one body, and a program for any
# processor could get the one that its processor lacks. cmake -DNM=nm -DOBJECTS=a|b -P symbols.cmake
string(REPLACE "|" ";" objects "${OBJECTS}")
foreach(object IN LISTS objects)
    execute_process(COMMAND "${NM}" -C --defined-only "${object}" OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL "[^\n]* [uVW] [^\n]*" shared "${text}")  # what may be in several units
    list(LENGTH shared count)
    if(count EQUAL 0)
        message(FATAL_ERROR "${object} defines nothing that is shared: was it read?")
    endif()
    foreach(symbol IN LISTS shared)
        if(NOT symbol MATCHES "rivulet::v[0-9_]+_[a-z0-9_]+::")
            message(SEND_ERROR "${object} defines ${symbol}, which is not rivulet's for one set of instructions")
        endif()
    endforeach()
endforeach()
