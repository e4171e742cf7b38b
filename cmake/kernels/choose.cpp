// SPDX-License-Identifier: MIT
// Which of the compiled instruction sets this processor gets: asked once, when something first computes.
#include <rivulet/math/kernels.hpp>

namespace rivulet::kernels::inline v0_1 {

const table& table_any() noexcept;
#if defined(RIVULET_KERNELS_X86)
const table& table_avx2() noexcept;
const table& table_avx512() noexcept;
const table& table_avx512vnni() noexcept;
#endif

constinit std::atomic<const table*> chosen{nullptr};

std::size_t available(const table** found, std::size_t room) noexcept {
    std::size_t count = 0;
    const auto add = [&](bool runs, const table& one) {
        if (runs && count < room) found[count++] = &one;
    };
#if defined(RIVULET_KERNELS_X86)
    // Asks the system, too: registers that it does not save are not offered. Valgrind hides AVX-512, and is believed.
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    add(avx512 && __builtin_cpu_supports("avx512vnni"), table_avx512vnni());
    add(avx512, table_avx512());
    add(avx2, table_avx2());
#endif
    add(true, table_any());
    return count;
}

const table& choose() noexcept {
    const table* best[1];
    available(best, 1);
    const table* nothing = nullptr;  // another thread, or `use`, may have been first
    return chosen.compare_exchange_strong(nothing, best[0], std::memory_order_acq_rel, std::memory_order_acquire) ? *best[0] : *nothing;
}

}  // namespace rivulet::kernels::inline v0_1
