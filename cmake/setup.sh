# SPDX-License-Identifier: MIT
# What tests/run.sh and examples/run.sh share, to be sourced by them: finds what a build needs, installs what is missing, configures.
# shellcheck shell=sh
#
# In: root, the source folder; RIVULET_BUILD, if the build is to lie elsewhere than in build/. Out: build, jobs.

say() { printf '== %s\n' "$*"; }
stop() {
    printf '%s\n' "$*" >&2
    exit 2
}

build=${RIVULET_BUILD:-$root/build}
case $build in
    /*) ;;
    *) build=$PWD/$build ;;
esac
mkdir -p "$build"
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}

compiler() {  # which one CMake is going to use; CXX may hold arguments, too
    if [ -n "${CXX:-}" ]; then
        echo "$CXX"
    elif command -v g++ >/dev/null 2>&1; then
        echo g++
    elif command -v clang++ >/dev/null 2>&1; then
        echo clang++
    else
        echo c++
    fi
}

has_header() {  # has_header <path under include/>: where CMake looks, too
    for prefix in /usr /usr/local $(printf '%s' "${CMAKE_PREFIX_PATH:-}" | tr ':;' '  '); do
        [ -f "$prefix/include/$1" ] && return 0
    done
    return 1
}

has_cmake() {  # 3.21 or newer
    cmake --version 2>/dev/null | awk 'NR == 1 { split($3, v, "."); exit !(v[1] > 3 || (v[1] == 3 && v[2] >= 21)) } END { if (!NR) exit 1 }'
}

has_compiler() {
    # shellcheck disable=SC2046 # the compiler may come with arguments
    printf '%s\n' '#include <concepts>' '#include <span>' 'template <std::integral T> struct s { T n; auto operator<=>(const s&) const = default; };' \
        'int main() { return s<int>{.n = 0}.n + static_cast<int>(std::span<int>().size()); }' |
        $(compiler) -std=c++20 -x c++ -fsyntax-only - >/dev/null 2>&1
}

has() {
    case $1 in
        compiler) has_compiler ;;
        cmake) has_cmake ;;
        ninja) command -v ninja >/dev/null 2>&1 || command -v make >/dev/null 2>&1 ;;  # either will do
        eigen) has_header eigen3/Eigen/Core || has_header Eigen/Core ;;
        xsimd) has_header xsimd/xsimd.hpp ;;
        doctest) has_header doctest/doctest.h ;;
        benchmark) has_header benchmark/benchmark.h ;;
        json) has_header nlohmann/json.hpp ;;
        cxxopts) has_header cxxopts.hpp ;;
        zlib) has_header zlib.h ;;
        valgrind) command -v valgrind >/dev/null 2>&1 ;;
        *) stop "setup.sh knows no '$1'" ;;
    esac
}

package() {  # its name in Debian and Ubuntu
    case $1 in
        compiler)
            case $(compiler) in
                clang++*) compiler | sed 's/ .*//; s/clang++/clang/' ;;
                g++*) compiler | sed 's/ .*//' ;;
                *) echo g++ ;;
            esac
            ;;
        ninja) echo ninja-build ;;
        eigen) echo libeigen3-dev ;;
        xsimd) echo libxsimd-dev ;;
        doctest) echo doctest-dev ;;
        benchmark) echo libbenchmark-dev ;;
        json) echo nlohmann-json3-dev ;;
        cxxopts) echo libcxxopts-dev ;;
        zlib) echo zlib1g-dev ;;
        *) echo "$1" ;;
    esac
}

install_packages() {
    by_hand="apt-get update && apt-get install -y --no-install-recommends $*"
    command -v apt-get >/dev/null 2>&1 || stop "Missing here, by their Debian names: $*. Install them (on Debian or Ubuntu, as root: $by_hand)."
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        stop "Missing here: $*. Install them with:
sudo sh -c '$by_hand'"
    fi
    say "installing $* (log: $build/setup.log)"
    # An update may fail for a source that has none of these packages: the installation decides.
    # shellcheck disable=SC2086 # words
    {
        $as_root apt-get update
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
    } >"$build/setup.log" 2>&1 </dev/null || {
        tail -n 20 "$build/setup.log" >&2
        stop "apt-get could not install $*; what it said is in $build/setup.log"
    }
}

setup() {  # setup <need>...: each is a word that has() knows
    missing=
    for need in "$@"; do
        has "$need" || missing="$missing $(package "$need")"
    done
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086 # words
        install_packages $missing
        for need in "$@"; do
            has "$need" || stop "$(package "$need") is installed, but what rivulet needs of it is not there: a compiler for C++20 (g++ 12, clang 14), cmake 3.21"
        done
    fi
    if command -v ccache >/dev/null 2>&1; then
        CCACHE_DIR=${CCACHE_DIR:-$build/ccache}
        export CCACHE_DIR
    fi
}

configure() {  # configure <argument of cmake>...
    if [ ! -f "$build/CMakeCache.txt" ]; then  # what a build folder keeps from its first time on
        CXX=$(compiler)
        export CXX
        if command -v ninja >/dev/null 2>&1; then
            set -- -G Ninja "$@"
        else
            set -- -G 'Unix Makefiles' "$@"
        fi
        if command -v ccache >/dev/null 2>&1; then
            set -- -D CMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"
        fi
    fi
    say "configuring $build (log: configure.log in it)"
    # shellcheck disable=SC2086 # words
    cmake -S "$root" -B "$build" "$@" ${RIVULET_CMAKE_ARGS:-} >"$build/configure.log" 2>&1 || {
        cat "$build/configure.log" >&2
        exit 1
    }
}

build_targets() {  # build_targets <target>...; none: all
    say "building ${*:-everything} with $jobs jobs"
    if [ $# -gt 0 ]; then
        set -- --target "$@"
    fi
    cmake --build "$build" --parallel "$jobs" "$@"
}
