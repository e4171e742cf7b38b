# SPDX-License-Identifier: MIT
# Runs the replay as people do, on good and bad files: cmake -DPROGRAM=<replay> -DWORK=<scratch folder> -P replay.cmake
cmake_minimum_required(VERSION 3.21)
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/RivuletScript.cmake")

set(REPORTS json html)
include("${CMAKE_CURRENT_LIST_DIR}/reporting_example.cmake")

# replay(<name> <content of the ratings> <argument>...) and refuses_ratings(<name> <content> <sentence> <argument>...): run and refuses on
# a file of these ratings
macro(replay name content)
    file(WRITE "${WORK}/${name}.csv" "${content}")
    run(${name} --ratings "${WORK}/${name}.csv" ${ARGN})
endmacro()
macro(refuses_ratings name content sentence)
    file(WRITE "${WORK}/${name}.csv" "${content}")
    refuses(${name} "${sentence}" --ratings "${WORK}/${name}.csv" ${ARGN})
endmacro()

refuses_ratings(no_column "user,item,time\n1,2,3\n" "line 1")
refuses_ratings(no_number "user,item,rating,time\n1,2,4.5,100\n1,3,good,200\n" "line 3, column 3 (rating): expected a number")
refuses_ratings(no_time "user,item,rating,time\n1,2,4.5,yesterday\n" "line 2, column 4 (time)")
refuses_ratings(empty "" "empty.csv")
refuses_ratings(no_such_user "user,item,rating,time\n1,2,4.5,100\n" "--user: expected a user of the ratings, got 7" --user 7)
refuses_ratings(no_such_option "user,item,rating,time\n1,2,4.5,100\n" "colour" --colour red)

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
replay(good "${good}")
if(NOT status EQUAL 0 OR NOT written OR NOT out MATCHES "learning +[0-9.]+%")
    rivulet_fail("good: expected exit code 0 and a report, got ${status}, \"${err}\" and \"${out}\"")
endif()
file(READ "${WORK}/good.json" json)
string(JSON rankers LENGTH "${json}" rankers)
file(READ "${WORK}/good.html" page)
if(NOT rankers EQUAL 3 OR NOT page MATCHES "</html>")
    rivulet_fail("good: the JSON file has ${rankers} rankers, or the page is cut")
endif()

replay(pruned "${good}" --prune 0.9)
file(READ "${WORK}/pruned.json" pruned)
if(NOT status EQUAL 0 OR NOT pruned MATCHES "at half time, 115 of the 128 blocks between the hidden layers")
    rivulet_fail("pruned: expected exit code 0 and what was pruned, got ${status}, \"${err}\" and \"${out}\"")
endif()
refuses_ratings(no_share "${good}" "--prune: expected a share from 0 to below 1" --prune 1)

replay(coded "${good}" --eight-bits)
file(READ "${WORK}/coded.json" coded)
if(NOT status EQUAL 0 OR NOT coded MATCHES "rough ones share [0-9.]+% of the first ten, their rank correlation over all films is (1|0.9)[0-9.]*,")
    rivulet_fail("coded: expected exit code 0 and how far 8 bits agree, got ${status}, \"${err}\" and \"${out}\"")
endif()

# People who like a film, and like it again: it is judged each time, though a ranking offers nobody what they know.
string(REGEX REPLACE "\n([0-9]+),([0-9]+),[0-9]+,([0-9]+)" "\n\\1,\\2,5,\\3\n\\1,\\2,5,\\3" again "${good}")
replay(again "${again}")
if(NOT status EQUAL 0 OR NOT written)
    rivulet_fail("again: expected exit code 0 and a report, got ${status} and \"${err}\"")
endif()

replay(unwritable "${good}" --page "${WORK}/no/such/folder/page.html")
if(NOT status EQUAL 1 OR NOT err MATCHES "no/such/folder/page.html")
    rivulet_fail("unwritable: expected exit code 1 and the path, got ${status} and \"${err}\"")
endif()
