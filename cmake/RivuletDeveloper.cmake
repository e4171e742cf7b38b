# SPDX-License-Identifier: MIT
# What our own tests, examples and benchmarks are built with; nothing here reaches the target that hosts link.
include(CheckCXXCompilerFlag)

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CROSSCOMPILING)
    set(rivulet_native_default ON)
else()
    set(rivulet_native_default OFF)
endif()
option(RIVULET_NATIVE "Build our own executables for the processor of this machine" ${rivulet_native_default})
option(RIVULET_WERROR "Treat warnings in our own executables as errors" OFF)

if(RIVULET_NATIVE)
    check_cxx_compiler_flag(-march=native RIVULET_HAS_MARCH_NATIVE)
endif()

# rivulet_own_target(<target> [ANY_PROCESSOR]): links rivulet, asks for warnings and, as the options say, for this processor and for no
# warning at all.
function(rivulet_own_target target)
    target_link_libraries(${target} PRIVATE rivulet::rivulet)
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    if(CMAKE_CXX_COMPILER_FRONTEND_VARIANT STREQUAL "MSVC" OR MSVC)
        target_compile_options(${target} PRIVATE /W4 $<$<BOOL:${RIVULET_WERROR}>:/WX>)
        return()
    endif()
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # What g++ 12 warns about wrongly: its own AVX-512 header, even as a system header (uninitialized); wide loops that an array shorter than
        # a vector never enters (array-bounds); and its own std::string, where one is put before another (restrict, its bug 105651).
        target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized -Wno-uninitialized -Wno-array-bounds -Wno-restrict)
    endif()
    if(RIVULET_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(RIVULET_NATIVE AND RIVULET_HAS_MARCH_NATIVE AND NOT "ANY_PROCESSOR" IN_LIST ARGN)
        target_compile_options(${target} PRIVATE -march=native)
    endif()
endfunction()
