// SPDX-License-Identifier: MIT
// The directory of ids: finding one of 100,000, beside std::unordered_map, and a stream of a million ids through room for 100,000.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <string>
#include <unordered_map>
#include <vector>

#include <rivulet/core/random.hpp>
#include <rivulet/table/id_directory.hpp>

namespace rv = rivulet;

namespace {

constexpr std::size_t room = 100'000;
constexpr std::uint32_t none = rv::id_directory::none;

/// A full directory, the same as a map, and 65,536 ids to ask for in random order.
struct found {
    rv::id_directory ids{rv::room_for_ids{.capacity = room}};
    std::unordered_map<rv::item_id, std::uint32_t> map;
    std::vector<rv::item_id> asked;

    explicit found(bool resident) : asked(65'536) {
        rv::random draw(1);
        std::vector<rv::item_id> all(room);
        map.reserve(room);
        for (auto& id : all) {
            id = draw.bits();
            map.emplace(id, ids.admit(id));
        }
        ids.commit();
        for (auto& id : asked) id = resident ? all[draw.below(room)] : draw.bits();
    }
    std::uint32_t in_map(rv::item_id id) const {
        const auto at = map.find(id);
        return at == map.end() ? none : at->second;
    }
};

/// One find an iteration, of `directory` or of the map.
template <bool directory, bool resident> void find(benchmark::State& state) {
    const found in(resident);
    std::size_t i = 0;
    for (auto _ : state) {
        const rv::item_id id = in.asked[i++ % 65'536];
        benchmark::DoNotOptimize(directory ? in.ids.find(id) : in.in_map(id));
    }
    bool right = bool(in.ids.validate_state());
    for (const rv::item_id id : in.asked) right = right && in.ids.find(id) == in.in_map(id) && (in.ids.find(id) != none) == resident;
    if (!right) state.SkipWithError("the directory does not find what a map finds");
}

constexpr std::size_t distinct = 1'000'000, events = 10'000'000, batch = 32;

/// Which of a million ids each of ten million events is about. Four in five follow Zipf's law over half of the ids; the fifth goes through
/// all ids again and again, in random order: twice. The numbers by which ids are known are their order of frequency, nearly.
std::vector<std::uint32_t> stream() {
    rv::random draw(1);
    std::vector<double> until(distinct / 2);
    double sum = 0;
    for (std::size_t r = 0; r < until.size(); ++r) until[r] = sum += 1 / static_cast<double>(r + 1);
    std::vector<std::uint32_t> tail(distinct), all(events);
    std::iota(tail.begin(), tail.end(), 0u);
    for (std::size_t i = distinct; i > 1; --i) std::swap(tail[i - 1], tail[draw.below(i)]);
    for (std::size_t e = 0; e < events; ++e)
        all[e] = e % 5 == 0 ? tail[e / 5 % distinct]
                            : static_cast<std::uint32_t>(std::lower_bound(until.begin(), until.end(), draw.unit() * sum) - until.begin());
    return all;
}

/// What a host would send: 64 bits without a pattern.
rv::item_id name(std::uint32_t n) { return rv::random(n).bits(); }

/// Every event is admitted, and counted after its step of 32 events; then the most frequent 50,000 ids of the whole stream have a slot.
/// The label says how many of them have, and would have with the 100,000 ids last seen (LRU), and with exact counts of all (LFU).
void pass(benchmark::State& state) {
    const auto about = stream();
    rv::id_directory ids(rv::room_for_ids{.capacity = room});
    bool flat = true;
    for (auto _ : state) {
        ids = rv::id_directory(rv::room_for_ids{.capacity = room});
        const std::size_t memory = ids.memory();
        for (std::size_t first = 0; first < events; first += batch) {
            const std::size_t end = std::min(events, first + batch);
            for (std::size_t e = first; e < end; ++e) benchmark::DoNotOptimize(ids.admit(name(about[e])));
            ids.commit();
            for (std::size_t e = first; e < end; ++e) ids.sighted(name(about[e]));
            ids.make_room(batch);
        }
        flat = flat && ids.memory() == memory;
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events));

    std::vector<std::uint32_t> count(distinct), last(distinct), order(distinct);
    for (std::size_t e = 0; e < events; ++e) ++count[about[e]], last[about[e]] = static_cast<std::uint32_t>(e + 1);
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return count[a] > count[b]; });
    std::vector<std::uint32_t> by_age = last;
    std::nth_element(by_age.begin(), by_age.begin() + room - 1, by_age.end(), std::greater<>());
    std::size_t held = 0, recent = 0;
    for (std::size_t r = 0; r < room / 2; ++r) {
        held += ids.find(name(order[r])) != none;
        recent += last[order[r]] >= by_age[room - 1];
    }
    char label[160];
    std::snprintf(label, sizeof label, "of the 50,000 most frequent: %.2f %% here, %.2f %% with LRU, 100 %% with LFU; %.1f MB",
                  static_cast<double>(held) / 500, static_cast<double>(recent) / 500, static_cast<double>(ids.memory()) / 1e6);
    state.SetLabel(label);
    if (count[order.back()] == 0) state.SkipWithError("the stream has not brought a million ids");
    if (!flat || ids.size() + batch > room || !ids.validate_state()) state.SkipWithError("the directory has left its budget");
    if (held < 49'500) state.SkipWithError("less than 99 % of the most frequent ids are here");
}

}  // namespace

BENCHMARK_TEMPLATE(find, true, true)->Name("table/find_resident");
BENCHMARK_TEMPLATE(find, true, false)->Name("table/find_absent");
BENCHMARK_TEMPLATE(find, false, true)->Name("table/find_resident/std_unordered_map");
BENCHMARK_TEMPLATE(find, false, false)->Name("table/find_absent/std_unordered_map");
BENCHMARK(pass)->Name("table/stream_1000000_into_100000")->Unit(benchmark::kMillisecond);
