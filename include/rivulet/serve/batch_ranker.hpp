// SPDX-License-Identifier: MIT
// Many requests at once over one catalogue: what a candidate brings is read or computed once for all of them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/arena.hpp"
#include "../pipeline/pipeline.hpp"

namespace rivulet::inline RIVULET_ABI {

/// One of many requests: who asks, where the best go (its size is how many), and what may be ranked. One type of choice for all of a batch.
template <class Request, class Choice = everything> struct asked {
    Request request;
    std::span<scored> buffer;
    Choice choice{};
};
template <class Request> asked(Request, std::span<scored>) -> asked<Request>;
template <class Request, class Choice> asked(Request, std::span<scored>, Choice) -> asked<Request, Choice>;

struct batch_setup {
    std::size_t requests = 16;  ///< most of a batch
    std::size_t listed = 0;     ///< most ids on the lists of a batch together, of requests that rank among{ids} of items without values
};

/// Room for batches, made once, and the call that ranks them:
///
///     rv::batch_ranker together(ranker, {.requests = 16});
///     std::vector<rv::asked<...>> waiting;  // {visit, buffer}, or {visit, buffer, rv::among{ids}}, or with a predicate on the id
///     std::vector<rv::ranked> found(waiting.size());
///     together.rank(ranker, waiting, items, found);
///
/// Each ranking is the one that `ranker.rank` gives that request alone, to the last bit. It pays where what a request does with a candidate
/// takes less time than fetching it, as a `dot` of embeddings does in a catalogue that no cache of the processor holds, and where values
/// have to be computed; under an mlp whose second layer takes most of the time it does not. Allocates when it is made, and never again.
/// Not for concurrent use: one for each thread that ranks.
template <class Pipeline> class batch_ranker {
    using plan = typename Pipeline::plan;
    using scalar = typename Pipeline::scalar;
    using catalogue = typename Pipeline::catalogue_type;
    static constexpr std::size_t outputs = padded(decltype(plan::ranker)::outputs);
    /// Rows that are at hand together, 128 KB of values: they stay in the second cache while the requests take turns, and a request that
    /// ranks a few of them still finds blocks of plan::block.
    static constexpr std::size_t block = std::clamp<std::size_t>(131072 / sizeof(scalar) / plan::values, plan::block, 512);
    static constexpr std::size_t words = (block + 63) / 64;
    static constexpr unsigned request_bits = 16;

public:
    /// Throws rivulet::error for more than 65,535 requests, and std::bad_alloc.
    explicit batch_ranker(const Pipeline&, batch_setup most = {})
        : most_(checked(most)), kept_(most.requests), best_(most.requests, top_k({})), wanted_(most.requests * words),
          served_(most.requests), listed_(most.listed), fresh_(block * plan::values), values_(block), rows_(block) {}

    /// all: a span or vector of `asked`. found: one for each; of a request that is refused it says why, and the others are served. The
    /// whole is refused when there are more requests or ids on lists than there is room for, or not as many places as requests. With a
    /// candidate_cache behind them, for a catalogue that holds no values, what it lacks is computed once for all requests.
    /// O(candidates) reads, and each request's own work. Lists over a catalogue that holds values are ranked one by one; over one that
    /// does not they are put in order first, O(n log n) of all their ids.
    template <class All, class... Cache>
    status rank(const Pipeline& of, const All& all, const catalogue& items, std::span<ranked> found, Cache&... cache) noexcept {
        static_assert(sizeof...(Cache) <= 1, "rank takes one candidate_cache");
        const std::span<const typename All::value_type> requests(all);
        if constexpr (sizeof...(Cache) == 1)
            return rank_from((cache.source(items), ...), of, requests, items, found);
        else
            return rank_from(detail::from_catalogue{}, of, requests, items, found);
    }

    std::size_t memory() const noexcept {
        return sizeof *this + kept_.size() * sizeof(kept_[0]) + best_.size() * sizeof(top_k) + fresh_.size() * sizeof(scalar) +
               (wanted_.size() + listed_.size()) * sizeof(std::uint64_t) + served_.size() * sizeof(served_[0]) +
               block * (sizeof(values_[0]) + sizeof(rows_[0]));
    }

private:
    static batch_setup checked(batch_setup most) {
        if (most.requests >> request_bits != 0)
            detail::raise(errc::setting, "batch_ranker: expected .requests of 65535 or fewer, got " + std::to_string(most.requests));
        return most;
    }

    template <class Source, class Request, class Choice>
    status rank_from(Source source, const Pipeline& of, std::span<const asked<Request, Choice>> all, const catalogue& items,
                     std::span<ranked> found) noexcept {
        const auto count_of = [](errc code, std::string_view what, std::size_t expected, std::size_t got) {
            return status{code, what, static_cast<double>(expected), static_cast<double>(got)};
        };
        if (found.size() != all.size()) return count_of(errc::count, "batch_ranker (rankings)", all.size(), found.size());
        if (all.size() > most_.requests) return count_of(errc::limit, "batch_setup.requests", most_.requests, all.size());
        if constexpr (std::same_as<Choice, among>) {
            std::size_t ids = 0;
            for (const auto& one : all) ids += one.choice.ids.size();
            if (ids > most_.listed && !items.keeps_values()) return count_of(errc::limit, "batch_setup.listed", most_.listed, ids);
        }
        number_served_ = 0;
        for (std::size_t r = 0; r < all.size(); ++r) {
            found[r] = {{}, detail::checks<plan>::request(all[r].request)};
            if (!found[r]) continue;
            served_[number_served_++] = r;
            of.evaluation().prepare_context(of.weights().data(), of.kept(), all[r].request, kept_[r]);
            best_[r] = top_k(all[r].buffer, std::same_as<Choice, among>);
        }
        number_ = 0;
        const auto score_block = [&] {
            for (std::size_t i = 0; i < number_; ++i) values_[i] = source.values(items, rows_[i], fresh_.data() + i * plan::values);
            for (const std::size_t r : served()) score<Choice>(of, items, r, found[r]);
            source.done(items, rows_.data(), values_.data(), number_);
            number_ = 0;
        };
        if constexpr (std::same_as<Choice, among>) {
            if (items.keeps_values())  // to find what lists share would take longer than to read it again
                for (const std::size_t r : served()) score_list(of, items, r, all[r].choice, found[r]);
            else
                go_over_lists(all, items, score_block);
        } else
            for (std::size_t row = 0; row < items.size() && number_served_ > 0; ++row) {
                if (!wanted(all, items, row)) continue;
                rows_[number_] = row;
                if (++number_ == block) score_block();
            }
        if (number_ > 0) score_block();
        for (const std::size_t r : served()) found[r].items = best_[r].sorted();
        return {};
    }
    std::span<const std::size_t> served() const noexcept { return std::span(served_).first(number_served_); }

    std::uint64_t* wanted_by(std::size_t r) noexcept { return wanted_.data() + r * words; }
    void begin_block() noexcept {
        for (const std::size_t r : served()) std::fill_n(wanted_by(r), words, 0);
    }
    /// Whether any request ranks a row; notes which, as row number_ of the block.
    template <class All> bool wanted(const All& all, const catalogue& items, std::size_t row) noexcept {
        if constexpr (std::same_as<std::remove_cvref_t<decltype(all[0].choice)>, everything>)
            return true;
        else {
            if (number_ == 0) begin_block();
            const item_id id = items.id(row);
            bool any = false;
            for (const std::size_t r : served()) {
                const bool allowed = static_cast<bool>(all[r].choice(id));
                wanted_by(r)[number_ / 64] |= std::uint64_t(allowed) << number_ % 64;
                any = any || allowed;
            }
            return any;
        }
    }
    /// The rows of all lists in order, each with the requests that name it.
    template <class All, class ScoreBlock> void go_over_lists(const All& all, const catalogue& items, ScoreBlock&& score_block) noexcept {
        std::size_t size = 0;
        for (const std::size_t r : served())
            for (const item_id id : all[r].choice.ids)
                if (const auto entry = items.at(id)) listed_[size++] = std::uint64_t(entry.row()) << request_bits | r;
        std::sort(listed_.begin(), listed_.begin() + static_cast<std::ptrdiff_t>(size));
        for (std::size_t i = 0; i < size; ++i) {
            const auto row = static_cast<std::size_t>(listed_[i] >> request_bits);
            const bool again = i > 0 && listed_[i - 1] == listed_[i];  // one list names it twice, and it counts twice, as in rank
            if (number_ == 0 || rows_[number_ - 1] != row || again) {
                if (number_ == block) score_block();
                if (number_ == 0) begin_block();
                rows_[number_++] = row;
            }
            wanted_by(listed_[i] & ((1u << request_bits) - 1))[(number_ - 1) / 64] |= std::uint64_t(1) << (number_ - 1) % 64;
        }
    }

    void add(const Pipeline& of, const catalogue& items, std::size_t r, std::size_t row, const scalar* numbers, ranked& result) noexcept {
        detail::add_finite(best_[r], {items.id(row), static_cast<float>(detail::served(numbers, of.serving()))}, result.overflowed);
    }
    void score_list(const Pipeline& of, const catalogue& items, std::size_t r, const among& list, ranked& result) noexcept {
        detail::score_rows(of.evaluation(), of.weights().data(), of.kept(), kept_[r], items, list, 0, list.ids.size(),
                           [&](std::size_t row, const scalar* numbers) { add(of, items, r, row, numbers, result); });
    }
    /// One request's candidates of the block at hand.
    template <class Choice> void score(const Pipeline& of, const catalogue& items, std::size_t r, ranked& result) noexcept {
        std::array<scalar, plan::block * outputs> scores;
        const auto score_some = [&](const scalar* const* values, const std::size_t* block_rows, std::size_t n) {
            const rows<scalar> out{scores.data(), n, outputs};
            of.evaluation().score(of.weights().data(), of.kept(), kept_[r], values, out);
            for (std::size_t i = 0; i < n; ++i) add(of, items, r, block_rows[i], out[i], result);
        };
        if constexpr (std::same_as<Choice, everything>)
            for (std::size_t from = 0; from < number_; from += plan::block)
                score_some(values_.data() + from, rows_.data() + from, std::min(plan::block, number_ - from));
        else {
            std::array<const scalar*, plan::block> values;
            std::array<std::size_t, plan::block> chosen;
            std::size_t n = 0;
            for (std::size_t word = 0; word < words; ++word)
                for (std::uint64_t left = wanted_by(r)[word]; left != 0; left &= left - 1) {
                    const std::size_t i = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
                    values[n] = values_[i];
                    chosen[n++] = rows_[i];
                    if (n == plan::block) score_some(values.data(), chosen.data(), std::exchange(n, 0));
                }
            if (n > 0) score_some(values.data(), chosen.data(), n);
        }
    }

    batch_setup most_;
    std::vector<typename plan::request_values> kept_;  // of each request
    std::vector<top_k> best_;
    std::vector<std::uint64_t> wanted_;  // (requests, words): which rows of the block each ranks
    std::vector<std::size_t> served_;    // the requests that were not refused
    std::vector<std::uint64_t> listed_;  // (row, request) of all lists
    arena<scalar> fresh_;                // (block, Plan::values): what was computed for this block
    std::vector<const scalar*> values_;  // of the block's rows
    std::vector<std::size_t> rows_;
    std::size_t number_ = 0, number_served_ = 0;  // rows of the block; requests
};

template <class Pipeline> batch_ranker(const Pipeline&) -> batch_ranker<Pipeline>;
template <class Pipeline> batch_ranker(const Pipeline&, batch_setup) -> batch_ranker<Pipeline>;

}  // namespace rivulet::inline RIVULET_ABI
