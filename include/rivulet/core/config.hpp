// SPDX-License-Identifier: MIT
// Version, the inline namespace that keeps differently built units apart, and what a host may configure.
#pragma once

#define RIVULET_VERSION_MAJOR 0
#define RIVULET_VERSION_MINOR 1
#define RIVULET_VERSION_PATCH 0

// Two units of one program may be built for different instruction sets. The linker keeps one body of an inline function whatever
// the flags were, so each set of flags that changes the code gets a namespace, and so symbols, of its own.
#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
#define RIVULET_INSTRUCTIONS avx512vnni
#elif defined(__AVX512BW__)
#define RIVULET_INSTRUCTIONS avx512bw
#elif defined(__AVX512F__)
#define RIVULET_INSTRUCTIONS avx512f
#elif defined(__AVX2__) && defined(__FMA__)
#define RIVULET_INSTRUCTIONS avx2_fma
#elif defined(__AVX2__)
#define RIVULET_INSTRUCTIONS avx2
#elif defined(__AVX__)
#define RIVULET_INSTRUCTIONS avx
#elif defined(__SSE4_2__)
#define RIVULET_INSTRUCTIONS sse4_2
#elif defined(__SSE2__) || defined(_M_X64)
#define RIVULET_INSTRUCTIONS sse2
#elif defined(__aarch64__)
#define RIVULET_INSTRUCTIONS neon64
#else
#define RIVULET_INSTRUCTIONS generic
#endif

#if defined(__FAST_MATH__)
#define RIVULET_ARITHMETIC fast
#else
#define RIVULET_ARITHMETIC ieee
#endif

// Defined by the compiled target rivulet::kernels for whoever links it: hot loops go through its table (math/kernels.hpp).
#if defined(RIVULET_KERNELS)
#define RIVULET_LOOPS _table
#else
#define RIVULET_LOOPS
#endif

#define RIVULET_JOIN_EXPANDED(version, instructions, arithmetic, loops) version##instructions##_##arithmetic##loops
#define RIVULET_JOIN(version, instructions, arithmetic, loops) RIVULET_JOIN_EXPANDED(version, instructions, arithmetic, loops)
#define RIVULET_ABI RIVULET_JOIN(v0_1_, RIVULET_INSTRUCTIONS, RIVULET_ARITHMETIC, RIVULET_LOOPS)
#define RIVULET_TEXT_EXPANDED(x) #x
#define RIVULET_TEXT(x) RIVULET_TEXT_EXPANDED(x)

// How a cold path reports: it throws, or where exceptions are off it calls the function that the host names by defining
// RIVULET_ERROR_HANDLER (it takes a `const rivulet::error&` and must not return); without one, std::terminate.
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define RIVULET_RAISE(problem) throw problem
#elif defined(RIVULET_ERROR_HANDLER)
#define RIVULET_RAISE(problem) RIVULET_ERROR_HANDLER(problem)
#else
#define RIVULET_RAISE(problem) (static_cast<void>(problem), std::terminate())
#endif

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstddef>

namespace rivulet::inline RIVULET_ABI {

/// The instruction set that this unit was compiled for; saved bytes are equal only between equal ones.
inline constexpr const char* instructions = RIVULET_TEXT(RIVULET_INSTRUCTIONS);
/// Whether loops over float go through the table of rivulet::kernels.
#if defined(RIVULET_KERNELS)
inline constexpr bool through_table = true;
#else
inline constexpr bool through_table = false;
#endif

namespace detail {

/// Asks the processor to bring what lies at an address near, and goes on at once.
inline void prefetch(const void* address) noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(address);
#else
    static_cast<void>(address);
#endif
}

/// Asks the system to map a large block that was just allocated in large pages: with 4 KB pages, finding the page of a random row costs
/// more than the row. Changes nothing that a program could read. `block` is aligned to large_page.
inline constexpr std::size_t large_page = std::size_t(1) << 21;
inline void prefer_large_pages(void* block, std::size_t bytes) noexcept {
#if defined(__linux__)
    static_cast<void>(::madvise(block, bytes / large_page * large_page, MADV_HUGEPAGE));
#else
    static_cast<void>(block);
    static_cast<void>(bytes);
#endif
}

}  // namespace detail

}  // namespace rivulet::inline RIVULET_ABI
