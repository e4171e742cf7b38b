// SPDX-License-Identifier: MIT
// Ranking by the number of candidates and of threads, and with sizes that no register divides.
#include "sizes.hpp"

namespace {

const bool enrolled = [] {
    using peers = bench::sized<128, 128, 256, 128>;
    for (const std::size_t candidates : {10u, 100u, 1'000u, 10'000u, 100'000u}) bench::enrol_rank<peers>(candidates);
    bench::enrol_rank<bench::sized<51, 77, 101, 37>>(997);
    for (const std::size_t candidates : {1'000u, 10'000u})
        for (const std::size_t threads : {1u, 2u}) {
            const std::string name =
                "sizes/rank_threads/" + peers::name() + "/" + std::to_string(candidates) + "/" + std::to_string(threads);
            benchmark::RegisterBenchmark(name.c_str(), bench::rank_sized<peers>, candidates, threads)
                ->UseRealTime()
                ->Unit(benchmark::kMicrosecond);
        }
    return true;
}();

}  // namespace
