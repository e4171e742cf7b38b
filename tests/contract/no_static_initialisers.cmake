# SPDX-License-Identifier: MIT
# Fails if an object file runs code before main or holds a variable that can change: cmake -DOBJDUMP=... -DOBJECTS=a|b -P <this>
cmake_minimum_required(VERSION 3.21)
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/RivuletScript.cmake")
string(REPLACE "|" ";" objects "${OBJECTS}")
set(faults "")
foreach(object IN LISTS objects)
    execute_process(COMMAND "${OBJDUMP}" --syms --demangle --wide "${object}"
        RESULT_VARIABLE result OUTPUT_VARIABLE symbols ERROR_VARIABLE errors)
    if(NOT result EQUAL 0 OR NOT symbols MATCHES "SYMBOL TABLE")
        rivulet_fail("${OBJDUMP} cannot read ${object}: ${errors}")
    endif()
    string(REGEX REPLACE "[][;]" " " symbols "${symbols}")  # characters that a CMake list would take for its own
    string(REPLACE "\n" ";" symbols "${symbols}")
    foreach(symbol IN LISTS symbols)
        # A line is: address, flags, section, tab, size, name. Not ours are DW.ref.*, by which the compiler refers to its own exception
        # routine, and the cache sizes that Eigen's matrix products ask the processor for once.
        if(symbol MATCHES "[ \t]\\.(init_array|preinit_array|ctors)" OR symbol MATCHES "_GLOBAL__sub_I|__cxx_global_var_init|__static_initialization")
            list(APPEND faults "runs before main: ${symbol}")
        elseif(symbol MATCHES "[ \t]\\.(data|bss|tdata|tbss)[^\t ]*\t"
                AND NOT symbol MATCHES "[ \t]\\.data\\.rel\\.ro| DW\\.ref\\.|Eigen::internal::manage_caching_sizes|\t0+ \\.(data|bss|tdata|tbss)")
            list(APPEND faults "can change while the program runs: ${symbol}")
        endif()
    endforeach()
endforeach()
if(faults)
    list(JOIN faults "\n  " faults)
    rivulet_fail("The headers put this into every program that includes them:\n  ${faults}")
endif()
