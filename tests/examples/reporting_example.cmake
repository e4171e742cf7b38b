# SPDX-License-Identifier: MIT
# How the tests of examples that report run them. PROGRAM: the example; WORK: a scratch folder; REPORTS: what it can write, json or json and
# html.

# run(<name> <argument>...): sets status, out and err, and whether a report was written
function(run name)
    set(to_json --json "${WORK}/${name}.json")
    set(to_html --page "${WORK}/${name}.html")
    set(reports)
    foreach(kind IN LISTS REPORTS)
        file(REMOVE "${WORK}/${name}.${kind}")
        list(APPEND reports ${to_${kind}})
    endforeach()
    execute_process(COMMAND "${PROGRAM}" ${reports} ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)
    set(written FALSE)
    foreach(kind IN LISTS REPORTS)
        if(EXISTS "${WORK}/${name}.${kind}")
            set(written TRUE)
        endif()
    endforeach()
    foreach(variable IN ITEMS status out err written)
        set(${variable} "${${variable}}" PARENT_SCOPE)
    endforeach()
endfunction()

# refuses(<name> <sentence> <argument>...): exit code 2, the sentence, nothing on standard output, no half report
function(refuses name sentence)
    run(${name} ${ARGN})
    string(FIND "${err}" "${sentence}" found)
    if(NOT status EQUAL 2 OR found EQUAL -1 OR written OR NOT out STREQUAL "")
        rivulet_fail("${name}: expected exit code 2 and \"${sentence}\", got ${status} and \"${err}\"; report written: ${written}; printed: ${out}")
    endif()
endfunction()

# json(<variable> <name> <path>...): what the JSON file of a run has there
function(json variable name)
    file(READ "${WORK}/${name}.json" text)
    string(JSON value ERROR_VARIABLE missing GET "${text}" ${ARGN})
    if(missing)
        rivulet_fail("${name}.json: ${missing}")
    endif()
    set(${variable} "${value}" PARENT_SCOPE)
endfunction()
