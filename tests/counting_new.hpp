// SPDX-License-Identifier: MIT
// Counts what a test program allocates. It replaces the global operators, so one source of a program includes it.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace test {

inline std::size_t allocations = 0;  // since the start, by all new expressions of this program
inline std::size_t allocated = 0;    // bytes of them

inline void* counted(std::size_t size, std::size_t alignment) {
    ++allocations;
    allocated += size;
    if (void* const block = std::aligned_alloc(alignment, (size + alignment) / alignment * alignment)) return block;
    throw std::bad_alloc();
}

}  // namespace test

// Not inlined, or g++ sees one half of a pair and warns that it does not fit the other. The array forms call these.
[[gnu::noinline]] void* operator new(std::size_t size) { return test::counted(size, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
    return test::counted(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
