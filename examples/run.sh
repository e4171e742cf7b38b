#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs an example that reports what it learns: replays real film ratings, reads handwritten digits, predicts ratings, or ranks what is taken
# next. On a fresh Debian or Ubuntu it installs what is missing first.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

case ${1:-} in
    -h | --help)
        cat <<'END'
usage: sh examples/run.sh [argument of replay]...
       sh examples/run.sh mnist --data FOLDER [argument of mnist]...
       sh examples/run.sh ratings --data FOLDER [argument of ratings]...
       sh examples/run.sh taste --data FOLDER [argument of taste]...

Builds the example `replay`, gets the MovieLens ratings, and replays them in the order of time: each is predicted, then learned.
Writes build/replay.json and build/replay.html; open the page in a browser. `sh examples/run.sh --limit 20000` is a quick look;
once built, `build/examples/replay --help` says what else there is.

With `mnist` first it builds the example of that name, which trains on the four files of MNIST in FOLDER, and writes build/mnist.json and
build/mnist.html. `sh examples/run.sh mnist --data FOLDER --epochs 1 --seeds 1` is a quick look. It downloads nothing.

With `ratings` first it builds the example of that name, which predicts the ratings of MovieLens 100K in FOLDER (u.data, u.item, u.user) in
the order of time, each before it learns it, and writes build/ratings.json. `sh examples/run.sh ratings --data FOLDER --seeds 1` is a quick
look. It downloads nothing either.

With `taste` first it builds the example of that name, which ranks what users take next before it learns it, and writes build/taste.json.
FOLDER holds ml-100k, movietweetings and msweb. `sh examples/run.sh taste --data FOLDER --set ml-100k --limit 20000` is a quick look. Nor
does it download anything.

What is missing is installed with apt-get if this may be done without a password; if not, it is named, and the exit status is 2.

Environment:
  CXX                   the compiler (default: g++, then clang++)
  RIVULET_BUILD         the build folder (default: build/); nothing is written elsewhere
  RIVULET_CMAKE_ARGS    further arguments of cmake
END
        exit 0
        ;;
esac

example=replay
case ${1:-} in
    mnist | ratings | taste)
        example=$1
        shift
        ;;
esac

. "$root/cmake/setup.sh"
case $example in
    mnist | taste) setup compiler cmake ninja eigen xsimd json cxxopts zlib ;;
    *) setup compiler cmake ninja eigen xsimd json cxxopts ;;
esac
if [ -f "$build/CMakeCache.txt" ]; then
    configure  # a folder that also builds the tests goes on doing so
else
    configure -D RIVULET_BUILD_TESTS=OFF -D RIVULET_BUILD_BENCH=OFF
fi
build_targets "$example"
case $example in
    mnist)
        say "training"
        "$build/examples/mnist" --json "$build/mnist.json" --page "$build/mnist.html" "$@"
        ;;
    ratings)
        say "predicting and learning"
        "$build/examples/ratings" --json "$build/ratings.json" "$@"
        say "the findings are in $build/ratings.json, too"
        exit 0
        ;;
    taste)
        say "ranking and learning"
        "$build/examples/taste" --json "$build/taste.json" "$@"
        say "the findings are in $build/taste.json, too"
        exit 0
        ;;
    replay)
        say "getting the ratings"
        ratings=$(sh "$root/examples/data/movielens.sh" "$build/data/movielens.csv")
        say "replaying them"
        "$build/examples/replay" --ratings "$ratings" --json "$build/replay.json" --page "$build/replay.html" "$@"
        ;;
esac
say "the page is $build/$example.html"
