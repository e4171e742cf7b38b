# SPDX-License-Identifier: MIT
# Runs the replay as people do, on good and bad files: cmake -DPROGRAM=<replay> -DWORK=<scratch folder> -P replay.cmake
cmake_minimum_required(VERSION 3.21)
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/RivuletScript.cmake")

# run(<name> <content of the ratings> <argument>...): sets status, out and err, and whether a report was written
function(run name content)
    file(WRITE "${WORK}/${name}.csv" "${content}")
    file(REMOVE "${WORK}/${name}.json" "${WORK}/${name}.html")
    execute_process(COMMAND "${PROGRAM}" --ratings "${WORK}/${name}.csv" --json "${WORK}/${name}.json" --page "${WORK}/${name}.html" ${ARGN}
        RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)
    set(written FALSE)
    if(EXISTS "${WORK}/${name}.json" OR EXISTS "${WORK}/${name}.html")
        set(written TRUE)
    endif()
    foreach(variable IN ITEMS status out err written)
        set(${variable} "${${variable}}" PARENT_SCOPE)
    endforeach()
endfunction()

# refuses(<name> <content> <sentence>): exit code 2, the sentence, nothing on standard output, no half report
function(refuses name content sentence)
    run(${name} "${content}" ${ARGN})
    string(FIND "${err}" "${sentence}" found)
    if(NOT status EQUAL 2 OR found EQUAL -1 OR written OR NOT out STREQUAL "")
        rivulet_fail("${name}: expected exit code 2 and \"${sentence}\", got ${status} and \"${err}\"; report written: ${written}; printed: ${out}")
    endif()
endfunction()

refuses(no_column "user,item,time\n1,2,3\n" "line 1")
refuses(no_number "user,item,rating,time\n1,2,4.5,100\n1,3,good,200\n" "line 3, column 3 (rating): expected a number")
refuses(no_time "user,item,rating,time\n1,2,4.5,yesterday\n" "line 2, column 4 (time)")
refuses(empty "" "empty.csv")
refuses(no_such_user "user,item,rating,time\n1,2,4.5,100\n" "--user: expected a user of the ratings, got 7" --user 7)
refuses(no_such_option "user,item,rating,time\n1,2,4.5,100\n" "colour" --colour red)

# Forty users, thirty films, no titles: enough for both halves.
set(good "user,item,rating,time\n")
foreach(user RANGE 1 40)
    foreach(step RANGE 0 9)
        math(EXPR item "(${user} * 7 + ${step} * ${step}) % 30 + 100")
        math(EXPR stars "3 + (${user} + ${step}) % 3")
        math(EXPR time "1000000 + ${user} * 1000 + ${step} * 10")
        string(APPEND good "${user},${item},${stars},${time}\n")
    endforeach()
endforeach()
run(good "${good}")
if(NOT status EQUAL 0 OR NOT written OR NOT out MATCHES "learning +[0-9.]+%")
    rivulet_fail("good: expected exit code 0 and a report, got ${status}, \"${err}\" and \"${out}\"")
endif()
file(READ "${WORK}/good.json" json)
string(JSON rankers LENGTH "${json}" rankers)
file(READ "${WORK}/good.html" page)
if(NOT rankers EQUAL 3 OR NOT page MATCHES "</html>")
    rivulet_fail("good: the JSON file has ${rankers} rankers, or the page is cut")
endif()

# People who like a film, and like it again: it is judged each time, though a ranking offers nobody what they know.
string(REGEX REPLACE "\n([0-9]+),([0-9]+),[0-9]+,([0-9]+)" "\n\\1,\\2,5,\\3\n\\1,\\2,5,\\3" again "${good}")
run(again "${again}")
if(NOT status EQUAL 0 OR NOT written)
    rivulet_fail("again: expected exit code 0 and a report, got ${status} and \"${err}\"")
endif()

run(unwritable "${good}" --page "${WORK}/no/such/folder/page.html")
if(NOT status EQUAL 1 OR NOT err MATCHES "no/such/folder/page.html")
    rivulet_fail("unwritable: expected exit code 1 and the path, got ${status} and \"${err}\"")
endif()
