# SPDX-License-Identifier: MIT
# For checks that run as `cmake -P`: ends with a sentence, and compares a text with the file that it should equal.
set(ENV{LC_ALL} C)  # compilers and diff speak plain ASCII English

# rivulet_fail(<text>): prints the text as it is, where FATAL_ERROR alone would wrap a compiler's lines, and ends the check
function(rivulet_fail text)
    message(NOTICE "${text}")
    message(FATAL_ERROR "red, see above")
endfunction()

# rivulet_same_text(<result> <file> <text> <folder>): <result> is empty if <text> is the content of <file>, byte for byte; else it is the
# difference, for which <folder> holds a scratch file.
function(rivulet_same_text result file text folder)
    file(READ "${file}" expected)
    if(text STREQUAL expected)
        set(${result} "" PARENT_SCOPE)
        return()
    endif()
    string(SHA1 scratch "${file}")
    set(scratch "${folder}/${scratch}.actual")
    file(WRITE "${scratch}" "${text}")
    find_program(DIFF diff)
    if(DIFF)
        execute_process(COMMAND "${DIFF}" -u --label "${file}" --label actual "${file}" "${scratch}" OUTPUT_VARIABLE difference)
    else()
        set(difference "expected:\n${expected}\nactual:\n${text}")
    endif()
    file(REMOVE "${scratch}")
    set(${result} "${difference}" PARENT_SCOPE)
endfunction()
