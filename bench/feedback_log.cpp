// SPDX-License-Identifier: MIT
// The feedback log on the disk of the folder that RIVULET_BENCH_FOLDER names, or of the one for temporary files: events a second when each
// is durable, in groups, and when none is waited for, and how fast a log is read. Each checks that the log holds what was appended.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <rivulet/core/random.hpp>
#include <rivulet/persist/feedback_log.hpp>
#include <rivulet/persist/posix_files.hpp>

namespace rv = rivulet;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t payload_bytes = 200;  // an id or two, some 40 numbers and a label

/// A folder that is there as long as the benchmark.
struct scratch {
    fs::path path;
    scratch() {
        const char* const chosen = std::getenv("RIVULET_BENCH_FOLDER");
        path = (chosen ? fs::path(chosen) : fs::temp_directory_path()) / "rivulet-bench-log";
        fs::remove_all(path);
        fs::create_directories(path);
    }
    ~scratch() { fs::remove_all(path); }
};

std::vector<std::byte> some_bytes() {
    rv::random draw(1);
    std::vector<std::byte> bytes(payload_bytes);
    for (auto& byte : bytes) byte = static_cast<std::byte>(draw.bits());
    return bytes;
}

/// Whether the log holds this many events, and each the bytes that were appended as that one.
bool holds(rv::posix_files& files, const rv::log_settings& settings, std::uint64_t events, std::vector<std::byte> bytes) {
    bool same = true;
    const auto report = rv::read_log(files, settings, {}, [&](const rv::log_record& record) {
        rv::detail::store_little(bytes.data(), record.sequence);
        same = same && std::equal(record.payload.begin(), record.payload.end(), bytes.begin(), bytes.end());
    });
    return same && report.delivered == events && report.faults == 0;
}

void append(benchmark::State& state, rv::sync_policy sync) {
    const scratch folder;
    rv::posix_files files;
    const rv::log_settings settings{.directory = folder.path.string(), .key = {1, 2}, .sync = sync};
    auto bytes = some_bytes();
    std::uint64_t appended = 0;
    {
        rv::feedback_log log(files, settings, {}, rv::detail::ignore{});
        for (auto _ : state) {
            rv::detail::store_little(bytes.data(), appended + 1);
            if (!log.append(1, bytes)) return state.SkipWithError("an event was refused");
            ++appended;
        }
        if (const auto lost = log.position().sequence - log.acknowledged(); sync.events != 0 && lost >= sync.events)
            return state.SkipWithError("more events are pending than the policy allows");
    }
    if (!holds(files, settings, appended, bytes)) return state.SkipWithError("the log does not hold what was appended");
    state.SetItemsProcessed(static_cast<std::int64_t>(appended));
}

void read(benchmark::State& state) {
    const scratch folder;
    rv::posix_files files;
    const rv::log_settings settings{.directory = folder.path.string(), .key = {1, 2}, .sync = rv::sync_never};
    constexpr std::uint64_t events = 200'000;
    auto bytes = some_bytes();
    {
        rv::feedback_log log(files, settings, {}, rv::detail::ignore{});
        for (std::uint64_t i = 1; i <= events; ++i) {
            rv::detail::store_little(bytes.data(), i);
            if (!log.append(1, bytes)) return state.SkipWithError("an event was refused");
        }
    }
    for (auto _ : state)
        if (!holds(files, settings, events, bytes)) return state.SkipWithError("the log does not hold what was appended");
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events));
}

}  // namespace

BENCHMARK_CAPTURE(append, every_event, rv::sync_every_event)->Name("feedback_log/append/every_event")->UseRealTime();
BENCHMARK_CAPTURE(append, groups_of_100, rv::sync_group(100, 5000))->Name("feedback_log/append/groups_of_100")->UseRealTime();
BENCHMARK_CAPTURE(append, groups_of_1000, rv::sync_group(1000, 5000))->Name("feedback_log/append/groups_of_1000")->UseRealTime();
BENCHMARK_CAPTURE(append, groups_of_4000, rv::sync_group(4000, 20000))->Name("feedback_log/append/groups_of_4000")->UseRealTime();
BENCHMARK_CAPTURE(append, never, rv::sync_never)->Name("feedback_log/append/never")->UseRealTime();
BENCHMARK(read)->Name("feedback_log/read")->Unit(benchmark::kMillisecond)->UseRealTime();
