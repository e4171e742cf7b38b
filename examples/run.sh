#!/bin/sh
# SPDX-License-Identifier: MIT
# Replays real film ratings through rivulet and draws what it learns; on a fresh Debian or Ubuntu it installs what is missing first.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

case ${1:-} in
    -h | --help)
        cat <<'END'
usage: sh examples/run.sh [argument of replay]...

Builds the example `replay`, gets the MovieLens ratings, and replays them in the order of time: each is predicted, then learned.
Writes build/replay.json and build/replay.html; open the page in a browser. `sh examples/run.sh --limit 20000` is a quick look;
once built, `build/examples/replay --help` says what else there is.

What is missing is installed with apt-get if this may be done without a password; if not, it is named, and the exit status is 2.

Environment:
  CXX                   the compiler (default: g++, then clang++)
  RIVULET_BUILD         the build folder (default: build/); nothing is written elsewhere
  RIVULET_CMAKE_ARGS    further arguments of cmake
END
        exit 0
        ;;
esac

. "$root/cmake/setup.sh"
setup compiler cmake ninja eigen xsimd json cxxopts
if [ -f "$build/CMakeCache.txt" ]; then
    configure  # a folder that also builds the tests goes on doing so
else
    configure -D RIVULET_BUILD_TESTS=OFF -D RIVULET_BUILD_BENCH=OFF
fi
build_targets replay
say "getting the ratings"
ratings=$(sh "$root/examples/data/movielens.sh" "$build/data/movielens.csv")
say "replaying them"
"$build/examples/replay" --ratings "$ratings" --json "$build/replay.json" --page "$build/replay.html" "$@"
say "the page is $build/replay.html"
