# SPDX-License-Identifier: MIT
# The optional compiled target rivulet::kernels: the hot loops for several instruction sets, one of them chosen where the program runs.
set(kernels "${CMAKE_CURRENT_LIST_DIR}/kernels")
set(when_linked "")
if(NOT RIVULET_KERNELS)
    set(when_linked EXCLUDE_FROM_ALL)
endif()
add_library(rivulet_kernels STATIC ${when_linked} "${kernels}/choose.cpp")
add_library(rivulet::kernels ALIAS rivulet_kernels)
set_target_properties(rivulet_kernels PROPERTIES EXPORT_NAME kernels POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF)
target_compile_definitions(rivulet_kernels INTERFACE RIVULET_KERNELS)
target_link_libraries(rivulet_kernels PUBLIC rivulet)

# rivulet_add_kernels(<name> <flag>...): one unit for one set of flags. Optimised whatever the build is: nobody steps through it.
function(rivulet_add_kernels name)
    add_library(rivulet_kernels_${name} OBJECT ${when_linked} "${kernels}/table.cpp")
    set_target_properties(rivulet_kernels_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF)
    target_link_libraries(rivulet_kernels_${name} PRIVATE rivulet)
    target_compile_definitions(rivulet_kernels_${name} PRIVATE RIVULET_TABLE=table_${name})
    if(NOT MSVC)
        # Nothing throws in there; without exceptions a compiler adds no routine of its own that all units share.
        target_compile_options(rivulet_kernels_${name} PRIVATE -O3 -fno-exceptions ${ARGN})
    endif()
    target_sources(rivulet_kernels PRIVATE $<TARGET_OBJECTS:rivulet_kernels_${name}>)
    set(RIVULET_KERNELS_NAMES ${RIVULET_KERNELS_NAMES} ${name} PARENT_SCOPE)
endfunction()

rivulet_add_kernels(any)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_definitions(rivulet_kernels PRIVATE RIVULET_KERNELS_X86)
    rivulet_add_kernels(avx2 -march=x86-64-v3)
    rivulet_add_kernels(avx512 -march=x86-64-v4)
    rivulet_add_kernels(avx512vnni -march=x86-64-v4 -mavx512vnni)
endif()
