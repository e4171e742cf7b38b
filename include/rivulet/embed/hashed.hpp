// SPDX-License-Identifier: MIT
// Linear weights of ids and of their combinations, found by hash: a linear learner over millions of weights.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "../core/concepts.hpp"
#include "../input/ids.hpp"
#include "../math/settings.hpp"
#include "../table/hashed_places.hpp"
#include "../table/row_table.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// The ids of features, one of each combined, with the products of their values: room for `Most`.
template <class T, std::size_t Most> struct combinations {
    std::array<item_id, Most> ids;
    std::array<T, Most> values;
    std::size_t count = 0;
    static void start_slope(const combinations&) noexcept {}  // nothing of it is learned

    void begin() noexcept {
        ids[0] = 0;
        values[0] = T(1);
        count = 1;
    }
    /// Every combination so far with every id of a list; `salt` tells features apart.
    template <class Given> void extend(const Given& view, item_id salt) noexcept {
        const std::size_t before = count, more = view.count();
        // Backwards, so that each combination is read before its place is taken.
        for (std::size_t b = before; b-- > 0;) {
            const item_id so_far = ids[b];
            const T value = values[b];
            for (std::size_t i = more; i-- > 0;) {
                ids[b * more + i] = combined(so_far + salt, view.id(i));  // the first half is the same for all i
                values[b * more + i] = value * view.template value<T>(i);
            }
        }
        count = before * more;
    }
};

template <binding Side, class... Features>
constexpr std::size_t most_combinations = ((Features::bound == Side ? Features::length : std::size_t(1)) * ... * std::size_t(1));

}  // namespace detail

/// out = sum over all combinations of one id of each feature of w[combination] times the product of their values: with one feature a
/// linear model, with two its quadratic crosses, bound to a pair where one feature is the request's and one the item's. 2^bits weights,
/// found by hash and shared by what collides (Weinberger et al. 2009). O(combinations).
template <class... Features> struct hashed {
    static_assert(sizeof...(Features) > 0 && (detail::is_ids<Features> && ...),
                  "hashed<...> takes features that are ids: struct page : rivulet::context_ids<30> {};");
    unsigned bits = 18;  ///< 1 to 30: 2^bits weights
    float shrink = 0;    ///< L2 on the weights that a step touches, of the unit of a slope over a weight; 0 or more

    using inputs = features<Features...>;
    static constexpr std::size_t width = 1, weights = 0;
    static constexpr binding bound = ((Features::bound == binding::context) && ...)     ? binding::context
                                     : ((Features::bound == binding::candidate) && ...) ? binding::candidate
                                                                                        : binding::pair;
    template <class T> using memory = row_table<T, hashed_places, 1>;

    status validate() const noexcept {
        if (bits < 1 || bits > 30) return {errc::setting, "hashed.bits must be 1 to 30", 18, static_cast<double>(bits)};
        return detail::zero_or_more(shrink, "hashed.shrink must be a finite number of 0 or more");
    }
    std::string settings() const { return "bits " + std::to_string(bits); }
    template <class T> memory<T> make_memory(std::size_t kinds_of_state) const {
        return memory<T>(hashed_places(bits), kinds_of_state, static_cast<T>(shrink));
    }
    template <class T> static const memory<T>& published(const memory<T>& known) noexcept requires(bound == binding::candidate) {
        return known;
    }

    // ---- of one side

    /// Where the combinations of a record and their slopes lie, and their values.
    template <class T> struct trace {
        std::array<std::uint32_t, detail::most_combinations<bound, Features...>> slots, places;
        std::array<T, detail::most_combinations<bound, Features...>> values;
        std::size_t count;
        bool in_order;  // the places
    };

    template <class T, class Side> void forward(const T*, const memory<T>& known, const Side& side, T* out) const noexcept {
        trace<T> found;
        find(known, side, found);
        *out = known.weigh(found.slots.data(), found.values.data(), found.count);
    }
    template <class T, class Side>
    void forward(const T*, memory<T>& known, const Side& side, T* out, trace<T>& found, bool learns) const noexcept {
        find(known, side, found);
        if (learns)
            found.in_order = known.touch(found.slots.data(), found.places.data(), found.count);  // while the weights are on their way
        *out = known.weigh(found.slots.data(), found.values.data(), found.count);
    }
    template <class T, class Side> void backward(const T* w, memory<T>& learned, const Side& side, const T* slope, T* g) const noexcept {
        trace<T> found;
        T out;
        forward(w, learned, side, &out, found, true);
        backward(w, learned, side, slope, g, found);
    }
    template <class T, class Side>
    void backward(const T*, memory<T>& learned, const Side&, const T* slope, T*, const trace<T>& found) const noexcept {
        learned.add_slopes(found.places.data(), found.in_order, found.values.data(), *slope, found.count);
    }

    // ---- of a pair: each side keeps its own combinations

    template <class T> using context_part = detail::combinations<T, detail::most_combinations<binding::context, Features...>>;
    static constexpr std::size_t candidate_most = detail::most_combinations<binding::candidate, Features...>;
    static constexpr std::size_t candidate_part = 1 + 3 * candidate_most;  // count, values, ids: two numbers of float hold one
    static constexpr std::size_t candidate_weights = 0;

    template <class T, class Request>
    void prepare_context(const T*, const memory<T>&, const Request& request, context_part<T>& kept) const noexcept {
        kept = combine<binding::context, T>(request);
    }
    template <class T, class Item> void prepare_candidate(const T*, const Item& item, T* part) const noexcept {
        const auto found = combine<binding::candidate, T>(item);
        part[0] = static_cast<T>(found.count);
        std::copy_n(found.values.data(), found.count, part + 1);
        std::memcpy(part + 1 + candidate_most, found.ids.data(), found.count * sizeof(item_id));
    }
    template <class T>
    void forward(const T*, const memory<T>& known, const context_part<T>& kept, rows<const T> parts, rows<T> out) const noexcept {
        for (std::size_t r = 0; r < out.count; ++r) {
            T sum = 0;
            each_pair(kept, parts[r], [&](item_id id, T value) { sum += *known.row(known.slot(id)) * value; });
            *out[r] = sum;
        }
    }
    template <class T>
    void backward(const T*, memory<T>& learned, const context_part<T>& kept, rows<const T> parts, rows<const T> out_slope, context_part<T>&,
                  rows<T>, T*) const noexcept {
        for (std::size_t r = 0; r < parts.count; ++r)
            each_pair(kept, parts[r], [&](item_id id, T value) { *learned.slopes(learned.slot(id)) += *out_slope[r] * value; });
    }
    template <class T, class Request>
    void backward_context(const T*, memory<T>&, const Request&, const context_part<T>&, T*) const noexcept {}
    template <class T, class Item> void backward_candidate(const T*, memory<T>&, const Item&, const T*, T*) const noexcept {}

    /// Every combination by the ids that it is of.
    template <class T, class Request, class Item, class See>
    void explain(const T*, const T*, const memory<T>& known, const Request& request, const Item& item, See&& see) const {
        const auto list = [&]<class Feature>(features<Feature>) -> decltype(auto) {  // an entry of a catalogue makes its view anew
            if constexpr (Feature::bound == binding::context)
                return request.template get<Feature>();
            else
                return item.template get<Feature>();
        };
        std::array<item_id, sizeof...(Features)> ids;
        // Each side by itself, then one of each, as the sum does it; a side without features has one combination, of nothing.
        const auto walk = [&](auto&& self, std::size_t feature, item_id of_context, item_id of_item, T value) -> void {
            if (feature == sizeof...(Features)) {
                const item_id id = bound == binding::pair ? combined(of_context, of_item) : of_context + of_item;
                const T numbers = value * *known.row(known.slot(id));
                return see(std::span<const item_id>(ids), &numbers);
            }
            std::size_t at = 0;
            const auto take = [&]<class Feature>(features<Feature> one) {
                if (at++ != feature) return;
                const auto& view = list(one);
                const item_id salt = salt_of_one * (feature + 1);
                for (std::size_t i = 0; i < view.count(); ++i) {
                    ids[feature] = view.id(i);
                    const T more = value * view.template value<T>(i);
                    if constexpr (Feature::bound == binding::context)
                        self(self, feature + 1, combined(of_context + salt, ids[feature]), of_item, more);
                    else
                        self(self, feature + 1, of_context, combined(of_item + salt, ids[feature]), more);
                }
            };
            (take(features<Features>{}), ...);
        };
        walk(walk, 0, 0, 0, T(1));
    }

private:
    static constexpr item_id salt_of_one = 0x632be59bd9b4e019u;  // of the first feature; the k-th has k times as much

    template <class T, class Side> void find(const memory<T>& known, const Side& side, trace<T>& found) const noexcept {
        if constexpr (sizeof...(Features) == 1) {  // the list as it is
            const auto& list = (side.template get<Features>(), ...);
            found.count = list.count();
            const item_id* const ids = list.list == nullptr ? &list.one : list.list;
            known.find_all([ids](std::size_t i) { return combined(salt_of_one, ids[i]); }, found.slots.data(), found.count);
            for (std::size_t i = 0; i < found.count; ++i) found.values[i] = list.template value<T>(i);
        } else {
            const auto all = combine<bound, T>(side);
            found.count = all.count;
            known.find_all([&](std::size_t i) { return all.ids[i]; }, found.slots.data(), found.count);
            std::copy_n(all.values.data(), all.count, found.values.data());
        }
    }

    template <binding Side, class T, class Record> static auto combine(const Record& record) noexcept {
        detail::combinations<T, detail::most_combinations<Side, Features...>> found;
        found.begin();
        item_id salt = 0;
        const auto take = [&]<class Feature>(features<Feature>) {
            salt += salt_of_one;
            if constexpr (Feature::bound == Side) found.extend(record.template get<Feature>(), salt);
        };
        (take(features<Features>{}), ...);
        return found;
    }
    /// f(id, value) for every combination of a request's and an item's.
    template <class T, class F> static void each_pair(const context_part<T>& kept, const T* part, F&& f) noexcept {
        const auto count = static_cast<std::size_t>(part[0]);
        std::array<item_id, candidate_most> ids;
        std::memcpy(ids.data(), part + 1 + candidate_most, count * sizeof(item_id));
        for (std::size_t c = 0; c < kept.count; ++c)
            for (std::size_t i = 0; i < count; ++i) f(combined(kept.ids[c], ids[i]), kept.values[c] * part[1 + i]);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
