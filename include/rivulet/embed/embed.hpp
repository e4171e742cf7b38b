// SPDX-License-Identifier: MIT
// Embeddings: a learned vector for each id, in a table within a budget, and the sum or mean of the vectors of a list.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "../core/concepts.hpp"
#include "../input/ids.hpp"
#include "../math/settings.hpp"
#include "../table/id_directory.hpp"
#include "../table/prior_row.hpp"
#include "../table/row_table.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out = the sum, or mean, over the feature's ids of value times the id's vector: (Width). An id without a row, because it was never
/// learned, not seen often enough or evicted, has the prior row, which is learned from all such ids and is where a new row starts. No two
/// ids share a row; scoring makes none. With Width 1 a bias by id. O(ids * Width).
template <class Feature, std::size_t Width> struct embed {
    static_assert(detail::is_ids<Feature>, "embed<Feature, Width> takes a feature of ids: struct user : rivulet::context_ids<> {};");
    room_for_ids room{};     ///< rows, and the sighting at which an id gets one
    float spread = 0.01f;    ///< a new row is the prior row plus numbers within +-spread, drawn by id and seed
    float shrink = 0;        ///< L2 on the rows that a step touches, of the unit of a slope over a weight; 0 or more
    bool mean = false;       ///< of a list the mean instead of the sum: divided by the sum of the values' sizes
    std::uint64_t seed = 0;  ///< of the numbers that new rows start with

    using inputs = features<Feature>;
    static constexpr std::size_t width = Width, weights = Width;  // the prior row
    static constexpr binding bound = Feature::bound;
    template <class T> using memory = row_table<T, id_directory, Width>;

    status validate() const noexcept {
        return detail::first_refusal({room.validate(), detail::zero_or_more(spread, "embed.spread must be a finite number of 0 or more"),
                                      detail::zero_or_more(shrink, "embed.shrink must be a finite number of 0 or more")});
    }
    std::string settings() const { return "capacity " + std::to_string(room.capacity) + (mean ? ", mean" : ""); }
    template <class T> memory<T> make_memory(std::size_t kinds_of_state) const {
        return memory<T>(id_directory(room), kinds_of_state, static_cast<T>(shrink));
    }
    template <class T> static const memory<T>& published(const memory<T>& known) noexcept requires(bound == binding::candidate) {
        return known;
    }

    template <class T> void start(T* prior, random&) const noexcept { std::fill_n(prior, Width, T(0)); }

    template <class T, class Side> void admit(const T* prior, memory<T>& rows, const Side& side) const noexcept {
        const auto& list = side.template get<Feature>();
        for (std::size_t i = 0; i < list.count(); ++i)
            rows.admit(list.id(i), [&](T* row) { detail::start_row(row, prior, Width, spread, list.id(i), seed); });
    }
    template <class T, class Side> void sighted(memory<T>& rows, const Side& side) const noexcept {
        const auto& list = side.template get<Feature>();
        for (std::size_t i = 0; i < list.count(); ++i) rows.sighted(list.id(i));
    }

    template <class T, class Side> void forward(const T* prior, const memory<T>& rows, const Side& side, T* out) const noexcept {
        std::fill_n(out, Width, T(0));
        each_share<T>(side, [&](item_id id, T share) {
            const T* const row = rows.find(id);
            math::add_scaled(share, row == nullptr ? prior : row, out, Width);
        });
    }
    template <class T, class Side> void backward(const T*, memory<T>& rows, const Side& side, const T* slope, T* g) const noexcept {
        each_share<T>(side, [&](item_id id, T share) {
            const std::uint32_t slot = rows.slot(id);
            math::add_scaled(share, slope, slot == memory<T>::none ? g : rows.slopes(slot), Width);
        });
    }

    /// Every id of the list.
    template <class T, class Request, class Item, class See>
    void explain(const T* prior, const T*, const memory<T>& rows, const Request& request, const Item& item, See&& see) const {
        const auto each = [&](const auto& side) {
            each_share<T>(side, [&](item_id id, T share) {
                std::array<T, Width> numbers{};
                const T* const row = rows.find(id);
                math::add_scaled(share, row == nullptr ? prior : row, numbers.data(), Width);
                see(std::span<const item_id>(&id, 1), numbers.data());
            });
        };
        if constexpr (bound == binding::context)
            each(request);
        else
            each(item);
    }

private:
    /// f(id, what it counts) for the ids of a list.
    template <class T, class Side, class F> void each_share(const Side& side, F&& f) const noexcept {
        const auto& list = side.template get<Feature>();
        T sizes = 1;
        if (mean && list.count() > 0) {
            sizes = 0;
            for (std::size_t i = 0; i < list.count(); ++i) sizes += std::abs(list.template value<T>(i));
            if (!(sizes > T(0))) sizes = 1;  // all values are 0
        }
        // Divided one by one: the inverse of a sum may overflow where no share does.
        for (std::size_t i = 0; i < list.count(); ++i) f(list.id(i), list.template value<T>(i) / sizes);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
