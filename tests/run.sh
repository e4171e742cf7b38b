#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds everything and runs all tests; on a fresh Debian or Ubuntu it installs what is missing first.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

case ${1:-} in
    -h | --help)
        cat <<'END'
usage: sh tests/run.sh [argument of ctest]...

Builds the tests, examples and benchmarks in build/ and runs ctest there. Arguments choose tests:
  sh tests/run.sh -R layers       tests whose name matches
  sh tests/run.sh -L unit         the labels are unit, contract, consumer, kernels, bench and example

What is missing is installed with apt-get if this may be done without a password; if not, it is named, and the exit status is 2.

Environment:
  CXX                   the compiler (default: g++, then clang++)
  RIVULET_BUILD         the build folder (default: build/); nothing is written elsewhere
  RIVULET_CMAKE_ARGS    further arguments of cmake, such as -DRIVULET_WERROR=ON
END
        exit 0
        ;;
esac

. "$root/cmake/setup.sh"
setup compiler cmake ninja eigen xsimd doctest benchmark json cxxopts zlib
configure -D RIVULET_KERNELS=ON -D RIVULET_BUILD_TESTS=ON -D RIVULET_BUILD_EXAMPLES=ON -D RIVULET_BUILD_BENCH=ON
build_targets
say "running the tests"
cd "$build"
exec ctest --output-on-failure --no-tests=error --parallel "$jobs" "$@"
