// SPDX-License-Identifier: MIT
// The computed values of the items that are asked for most, within a budget of bytes: for catalogues whose values do not all fit.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../core/arena.hpp"
#include "../core/hash.hpp"
#include "../core/identity.hpp"
#include "../pipeline/pipeline.hpp"
#include "../table/frequency_sketch.hpp"

namespace rivulet::inline RIVULET_ABI {

struct cache_setup {
    std::size_t bytes = std::size_t(64) << 20;  ///< what memory() may come to
};

/// What a cache was asked for since it was made: values of candidates.
struct cache_counts {
    std::uint64_t hits = 0;       ///< that it held, of the candidate as it is
    std::uint64_t misses = 0;     ///< that had to be computed
    std::uint64_t evictions = 0;  ///< that made place for those of another item
    /// hits among all; 0 of none.
    double hit_rate() const noexcept { return hits == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(hits + misses); }
};

/// Ranks a catalogue that holds no values of its own, and holds those of as many items as the budget has room for:
///
///     auto items = ranker.catalogue({.keep_values = false}, ids, rv::with<title>(titles));
///     rv::candidate_cache kept(ranker, {.bytes = 64 << 20});  // one for each thread that ranks
///     kept.rank(ranker, visit, items, 10, rv::among{ids});    // what ranker.rank gives, to the last bit
///
/// What it holds is used for exactly the state of the item and of the catalogue that it was computed from: nothing has to be told to it
/// when items change or weights are published. Serving another catalogue, or a copy, it starts anew. Sets of 8 places; an item takes the
/// place of the one of its set that was asked for least, if it was itself asked for more often (TinyLFU, Einziger, Friedman and Manes
/// 2017), so that a pass over everything drives nothing out. Allocates when it is made, and never again. Not for concurrent use.
template <class Pipeline> class candidate_cache {
    using plan = typename Pipeline::plan;
    using scalar = typename Pipeline::scalar;
    using catalogue = typename Pipeline::catalogue_type;
    static constexpr std::size_t ways = 8;
    struct alignas(64) set {
        std::array<item_id, ways> ids{};
        std::array<std::uint64_t, ways> versions{};  // 0: nothing is held
    };
    // A sketch of twice as many ids as there are places, 64 bytes a place at most, keeps what is popular through passes over everything.
    static constexpr std::size_t sketched = 2, least_sketch = 1024;
    static constexpr std::size_t set_bytes = sizeof(set) + ways * (plan::values * sizeof(scalar) + 64);

public:
    /// The smallest budget, room for 8 items.
    static constexpr std::size_t least_bytes() noexcept { return sizeof(candidate_cache) + least_sketch + set_bytes; }

    /// Throws rivulet::error for a budget that has room for no set, and std::bad_alloc.
    explicit candidate_cache(const Pipeline&, cache_setup budget = {})
        : sets_(sets_within(budget.bytes)), values_(sets_.size() * ways * plan::values), asked_(sets_.size() * ways * sketched) {}

    /// The best of the buffer's size, as `of.rank` gives them. A catalogue that holds its values is read where they are.
    template <class Request, class Choice = everything>
    ranked rank(const Pipeline& of, const Request& request, const catalogue& items, std::span<scored> buffer,
                const Choice& choice = {}) noexcept {
        ranked result;
        if (result.status = detail::checks<plan>::request(request); !result.status) return result;
        const scalar* const w = of.weights().data();
        typename plan::request_values kept;
        of.evaluation().prepare_context(w, of.kept(), request, kept);
        top_k best(buffer, std::same_as<Choice, among>);
        detail::score_rows(
            of.evaluation(), w, of.kept(), kept, items, choice, 0, detail::places_of(items, choice),
            [&](std::size_t row, const scalar* numbers) {
                const auto score = static_cast<float>(detail::served(numbers, of.serving()));
                detail::add_finite(best, {items.id(row), score}, result.overflowed);
            },
            source(items));
        result.items = best.sorted();
        return result;
    }
    template <class Request, class Choice = everything>
    ranking<Pipeline::small_ranking> rank(const Pipeline& of, const Request& request, const catalogue& items, std::size_t k,
                                          const Choice& choice = {}) noexcept {
        return detail::rank_in_own_room<Pipeline::small_ranking>(
            k, [&](std::span<scored> room) { return rank(of, request, items, room, choice); });
    }

    const cache_counts& counts() const noexcept { return counts_; }
    std::size_t capacity() const noexcept { return sets_.size() * ways; }  ///< items
    std::size_t memory() const noexcept {
        return sizeof *this - sizeof asked_ + sets_.size() * sizeof(set) + values_.size() * sizeof(scalar) + asked_.memory();
    }

    /// Finds the values of a catalogue's rows for rankings of several kinds (detail::from_catalogue), for as long as it does not change.
    auto source(const catalogue& items) noexcept {
        if (!items.keeps_values()) follow(items);
        return through_cache{*this};
    }

private:
    struct through_cache {
        candidate_cache& cache;

        const scalar* values(const catalogue& items, std::size_t row, scalar* room) noexcept {
            if (items.keeps_values()) return items.values(row, room);
            if (const scalar* const held = cache.look_up(items.id(row), items.version(row))) return held;
            return items.values(row, room);
        }
        /// What was computed may stay. Not before: what was found is read until now.
        void done(const catalogue& items, const std::size_t* rows, const scalar* const* values, std::size_t number) noexcept {
            if (items.keeps_values()) return;
            for (std::size_t i = 0; i < number; ++i)
                if (!cache.holds(values[i])) cache.offer(items.id(rows[i]), items.version(rows[i]), values[i]);
        }
    };

    static std::vector<set> sets_within(std::size_t bytes) {
        if (bytes < least_bytes())
            detail::raise(errc::setting, "candidate_cache: expected .bytes of " + std::to_string(least_bytes()) + " or more, got " +
                                             std::to_string(bytes));
        return std::vector<set>((bytes - sizeof(candidate_cache) - least_sketch) / set_bytes);
    }
    std::size_t set_of(item_id id) const noexcept {
        return static_cast<std::size_t>((detail::mix(id) >> 32) * sets_.size() >> 32);  // by bits that the sketch does not choose by
    }
    const scalar* row(std::size_t at, std::size_t way) const noexcept { return values_.data() + (at * ways + way) * plan::values; }
    bool holds(const scalar* place) const noexcept {
        const auto from = reinterpret_cast<std::uintptr_t>(values_.data()), at = reinterpret_cast<std::uintptr_t>(place);
        return at - from < values_.size() * sizeof(scalar);
    }

    void follow(const catalogue& items) noexcept {
        if (of_ != nullptr && of_ == items.own()) return;
        of_ = items.own();
        for (set& each : sets_) each.versions.fill(0);
    }
    const scalar* look_up(item_id id, std::uint64_t version) noexcept {
        asked_.add(id);
        const std::size_t at = set_of(id);
        for (std::size_t way = 0; way < ways; ++way)
            if (sets_[at].ids[way] == id && sets_[at].versions[way] == version) {
                ++counts_.hits;
                return row(at, way);
            }
        ++counts_.misses;
        return nullptr;
    }
    void offer(item_id id, std::uint64_t version, const scalar* values) noexcept {
        const std::size_t at = set_of(id);
        set& one = sets_[at];
        std::size_t place = ways;
        for (std::size_t way = 0; way < ways; ++way)  // its own place, or else an empty one
            if (one.versions[way] != 0 ? one.ids[way] == id : place == ways) {
                place = way;
                if (one.versions[way] != 0) break;
            }
        if (place == ways) {
            std::uint32_t least = asked_.estimate(id);
            for (std::size_t way = 0; way < ways; ++way)
                if (const std::uint32_t count = asked_.estimate(one.ids[way]); count < least) {
                    least = count;
                    place = way;
                }
            if (place == ways) return;
            ++counts_.evictions;
        }
        one.ids[place] = id;
        one.versions[place] = version;
        std::copy_n(values, plan::values, values_.data() + (at * ways + place) * plan::values);
    }

    std::vector<set> sets_;
    arena<scalar> values_;  // (sets, ways, Plan::values)
    frequency_sketch asked_;
    identity::mark of_;  // the catalogue whose versions they are
    cache_counts counts_;
};

template <class Pipeline> candidate_cache(const Pipeline&) -> candidate_cache<Pipeline>;
template <class Pipeline> candidate_cache(const Pipeline&, cache_setup) -> candidate_cache<Pipeline>;

}  // namespace rivulet::inline RIVULET_ABI
