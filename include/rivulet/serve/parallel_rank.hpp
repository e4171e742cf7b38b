// SPDX-License-Identifier: MIT
// One request over several threads of the host's: the same ranking, whatever their number.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

#include "../pipeline/pipeline.hpp"

namespace rivulet::inline RIVULET_ABI {

/// Something of the host's that runs task(0) to task(parts - 1), on as many threads as it likes, and comes back when all are done:
///
///     auto run = [&](std::size_t parts, auto&& task) {
///         for (std::size_t part = 1; part < parts; ++part) pool.submit([&task, part] { task(part); });
///         task(0);
///         pool.wait();
///     };
///
/// rivulet starts no thread of its own.
template <class Executor>
concept executor = requires(Executor&& run, void (*task)(std::size_t)) {
    run(std::size_t(1), task);
};

/// What `ranker.rank(request, items, room.first(k), choice)` gives, to the last bit, from `parts` shares of the candidates that `run` may
/// work on at once. room: at least parts * k, of which the ranking takes the first k. A score does not depend on its neighbours, and ties
/// are by id, so neither the number of parts nor the order in which they end changes anything. Allocates nothing, and throws what `run`
/// throws. O(candidates / parts) on the longest thread, and O(parts k log k) at the end.
template <class Pipeline, class Request, executor Executor, class Choice = everything>
ranked parallel_rank(const Pipeline& ranker, const Request& request, const typename Pipeline::catalogue_type& items, std::span<scored> room,
                     std::size_t k, std::size_t parts, Executor&& run, const Choice& choice = {}) {
    using plan = typename Pipeline::plan;
    using scalar = typename Pipeline::scalar;
    constexpr std::size_t most = 256;  // parts, a count each of which is kept on the stack
    ranked result;
    const auto limit = [&](std::string_view what, std::size_t expected, std::size_t got) {
        result.status = {errc::limit, what, static_cast<double>(expected), static_cast<double>(got)};
        return result;
    };
    if (parts < 1 || parts > most) return limit("parallel_rank (from 1 to 256 parts)", most, parts);
    if (k > 0 && room.size() / k < parts) return limit("parallel_rank (room for parts times k)", parts * k, room.size());
    if (result.status = detail::checks<plan>::request(request); !result.status) return result;

    const scalar* const w = ranker.weights().data();
    typename plan::request_values kept;
    ranker.evaluation().prepare_context(w, ranker.kept(), request, kept);
    struct share {
        std::size_t size = 0, overflowed = 0;
    };
    std::array<share, most> shares;
    const std::size_t places = detail::places_of(items, choice);
    run(parts, [&](std::size_t part) noexcept {
        top_k best(room.subspan(part * k, k), std::same_as<Choice, among>);
        std::size_t overflowed = 0;
        detail::score_rows(ranker.evaluation(), w, ranker.kept(), kept, items, choice, places * part / parts, places * (part + 1) / parts,
                           [&](std::size_t row, const scalar* numbers) {
                               const auto score = static_cast<float>(detail::served(numbers, ranker.serving()));
                               detail::add_finite(best, {items.id(row), score}, overflowed);
                           });
        shares[part] = {best.sorted().size(), overflowed};
    });
    // Behind one another, then in order: the first k are the ranking. An id that was on the list in two parts comes twice.
    std::size_t found = 0;
    for (std::size_t part = 0; part < parts; ++part) {
        const auto from = room.subspan(part * k, shares[part].size);
        if (part > 0) std::copy(from.begin(), from.end(), room.begin() + static_cast<std::ptrdiff_t>(found));
        found += from.size();
        result.overflowed += shares[part].overflowed;
    }
    const auto end = room.begin() + static_cast<std::ptrdiff_t>(found);
    std::sort(room.begin(), end, ranks_before);
    const auto distinct = static_cast<std::size_t>(std::unique(room.begin(), end) - room.begin());
    result.items = room.first(std::min(k, distinct));
    return result;
}

}  // namespace rivulet::inline RIVULET_ABI
