// SPDX-License-Identifier: MIT
// Factorisation machines of second order, split by binding time; with one user id and one item id, matrix factorisation.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../core/concepts.hpp"
#include "../input/ids.hpp"
#include "../math/settings.hpp"
#include "../table/id_directory.hpp"
#include "../table/prior_row.hpp"
#include "../table/row_table.hpp"

namespace rivulet::inline RIVULET_ABI {
namespace detail {

/// A table of factors for each of `Count` features.
template <class T, std::size_t Width, std::size_t Count> struct factor_tables {
    using table = row_table<T, id_directory, Width>;
    std::array<table, Count> of;

    template <class F> void tables(F&& f) {
        for (table& one : of) f(one);
    }
    template <class F> void tables(F&& f) const {
        for (const table& one : of) f(one);
    }
    template <class F> void parts(F&& f) {
        for (table& one : of) one.parts(f);
    }
    template <class F> void parts(F&& f) const {
        for (const table& one : of) one.parts(f);
    }
    template <class Accepts> status validate_state(Accepts&& accepts) const noexcept {
        for (const table& one : of)
            if (const status found = one.validate_state(accepts); !found) return found;
        return {};
    }
    std::size_t memory() const noexcept {
        std::size_t bytes = 0;
        for (const table& one : of) bytes += one.memory();
        return bytes;
    }
};

/// The tables of both sides.
template <class T, std::size_t Width, std::size_t Context, std::size_t Candidate> struct factor_memory {
    factor_tables<T, Width, Context> context;
    factor_tables<T, Width, Candidate> candidate;

    template <class F> void tables(F&& f) {
        context.tables(f);
        candidate.tables(f);
    }
    template <class F> void tables(F&& f) const {
        context.tables(f);
        candidate.tables(f);
    }
    template <class F> void parts(F&& f) {
        context.parts(f);
        candidate.parts(f);
    }
    template <class F> void parts(F&& f) const {
        context.parts(f);
        candidate.parts(f);
    }
    template <class Accepts> status validate_state(Accepts&& accepts) const noexcept {
        const status found = context.validate_state(accepts);
        return found ? candidate.validate_state(accepts) : found;
    }
    std::size_t memory() const noexcept { return context.memory() + candidate.memory(); }
};

}  // namespace detail

/// out = sum over all pairs i < j of the ids that a request and an item bring together of x_i x_j <v_i, v_j> (Rendle 2010, equation 1,
/// without the linear part, which embed<Feature, 1> is), in linear time by his lemma 3.1: half of |sum x v|^2 - sum |x v|^2. A request
/// keeps that of its own ids and their sum, an item the same, and <sum, sum> is all that is left for the pair. `factorisation<16, user,
/// film>` is matrix factorisation. Ids without a row have their feature's prior row. O(ids * Width) a side, O(Width) a pair.
template <std::size_t Width, class... Features> struct factorisation {
    static_assert((detail::is_ids<Features> && ...), "factorisation<Width, Features...> takes features that are ids");
    static constexpr std::size_t of_context = (std::size_t(Features::bound == binding::context) + ... + 0);
    static constexpr std::size_t of_candidate = sizeof...(Features) - of_context;
    static_assert(of_context > 0 && of_candidate > 0, "factorisation<Width, Features...> wants ids of the request and ids of the item");

    std::array<room_for_ids, sizeof...(Features)> room{};  ///< of each feature: rows, and the sighting at which an id gets one
    float spread = 0.1f;     ///< a new row is the prior row plus numbers within +-spread, drawn by id and seed; above 0
    float shrink = 0;        ///< L2 on the rows that a step touches, of the unit of a slope over a weight; 0 or more
    std::uint64_t seed = 0;  ///< of the numbers that new rows start with

    using inputs = features<Features...>;
    static constexpr std::size_t width = 1, weights = of_context * Width, candidate_weights = of_candidate * Width;  // prior rows
    static constexpr binding bound = binding::pair;
    template <class T> using memory = detail::factor_memory<T, Width, of_context, of_candidate>;

    status validate() const noexcept {
        for (const room_for_ids& one : room)
            if (const status found = one.validate(); !found) return found;
        return detail::first_refusal({detail::above_zero(spread, "factorisation.spread must be a finite number above 0"),
                                      detail::zero_or_more(shrink, "factorisation.shrink must be a finite number of 0 or more")});
    }
    std::string settings() const {
        std::string text = "capacity";
        for (const room_for_ids& one : room) text += " " + std::to_string(one.capacity);
        return text;
    }
    template <class T> memory<T> make_memory(std::size_t kinds_of_state) const {
        return {tables_of<binding::context, T>(kinds_of_state, std::make_index_sequence<of_context>{}),
                tables_of<binding::candidate, T>(kinds_of_state, std::make_index_sequence<of_candidate>{})};
    }
    template <class T> static const auto& published(const memory<T>& known) noexcept { return known.candidate; }

    template <class T> void start(T* priors, random&) const noexcept { std::fill_n(priors, weights, T(0)); }
    template <class T> void start_candidate(T* priors, random&) const noexcept { std::fill_n(priors, candidate_weights, T(0)); }

    template <class T, class Request> void admit_context(const T* w, memory<T>& known, const Request& request) const noexcept {
        admit_side<binding::context>(w, known.context, request);
    }
    template <class T, class Item> void admit_candidate(const T* w, memory<T>& known, const Item& item) const noexcept {
        admit_side<binding::candidate>(w, known.candidate, item);
    }
    template <class T, class Request> void sighted_context(memory<T>& known, const Request& request) const noexcept {
        sighted_side<binding::context>(known.context, request);
    }
    template <class T, class Item> void sighted_candidate(memory<T>& known, const Item& item) const noexcept {
        sighted_side<binding::candidate>(known.candidate, item);
    }

    /// What a side's ids come to: the sum of x v, and what their own pairs give.
    template <class T> struct context_part {
        std::array<T, Width> sum{};
        T own = 0;
        void start_slope(const context_part&) noexcept { *this = {}; }
    };
    static constexpr std::size_t candidate_part = Width + 1;

    template <class T, class Request>
    void prepare_context(const T* w, const memory<T>& known, const Request& request, context_part<T>& kept) const noexcept {
        kept.own = add_up<binding::context>(w, known.context, request, kept.sum.data());
    }
    template <class T, class Known, class Item>
    void prepare_candidate(const T* w, const Known& known, const Item& item, T* part) const noexcept {
        part[Width] = add_up<binding::candidate>(w, known, item, part);
    }
    template <class T>
    void forward(const T*, const memory<T>&, const context_part<T>& kept, rows<const T> parts, rows<T> out) const noexcept {
        for (std::size_t r = 0; r < out.count; ++r) *out[r] = kept.own + parts[r][Width] + math::dot(kept.sum.data(), parts[r], Width);
    }
    template <class T>
    void backward(const T*, memory<T>&, const context_part<T>& kept, rows<const T> parts, rows<const T> out_slope, context_part<T>& slope,
                  rows<T> part_slope, T*) const noexcept {
        for (std::size_t r = 0; r < parts.count; ++r) {
            const T s = *out_slope[r];
            slope.own += s;
            part_slope[r][Width] += s;
            math::add_scaled(s, parts[r], slope.sum.data(), Width);
            math::add_scaled(s, kept.sum.data(), part_slope[r], Width);
        }
    }
    template <class T, class Request>
    void backward_context(const T* w, memory<T>& learned, const Request& request, const context_part<T>& slope, T* g) const noexcept {
        spread_slopes<binding::context>(w, learned.context, request, slope.sum.data(), slope.own, g);
    }
    template <class T, class Item>
    void backward_candidate(const T* w, memory<T>& learned, const Item& item, const T* part_slope, T* g) const noexcept {
        spread_slopes<binding::candidate>(w, learned.candidate, item, part_slope, part_slope[Width], g);
    }

    /// Every pair of ids, in the order in which the features bring them.
    template <class T, class Request, class Item, class See>
    void explain(const T* w, const T* candidate_w, const memory<T>& known, const Request& request, const Item& item, See&& see) const {
        struct one {
            item_id id;
            const T* row;
            T value;
        };
        std::vector<one> all;
        const auto gather = [&]<binding Side>(const T* priors, const auto& tables, const auto& record) {
            each_list<Side>(tables, record, [&](const auto& table, std::size_t index, const auto& list) {
                for (std::size_t i = 0; i < list.count(); ++i) {
                    const T* const row = table.find(list.id(i));
                    all.push_back({list.id(i), row == nullptr ? priors + index * Width : row, list.template value<T>(i)});
                }
            });
        };
        gather.template operator()<binding::context>(w, known.context, request);
        gather.template operator()<binding::candidate>(candidate_w, known.candidate, item);
        for (std::size_t j = 1; j < all.size(); ++j)
            for (std::size_t i = 0; i < j; ++i) {
                const std::array<item_id, 2> ids{all[i].id, all[j].id};
                const T numbers = all[i].value * all[j].value * math::dot(all[i].row, all[j].row, Width);
                see(std::span<const item_id>(ids), &numbers);
            }
    }

private:
    template <binding Side, class T, std::size_t... I> auto tables_of(std::size_t kinds, std::index_sequence<I...>) const {
        using tables = detail::factor_tables<T, Width, sizeof...(I)>;
        std::array<room_for_ids, sizeof...(I)> chosen;
        std::size_t feature = 0, next = 0;
        static_cast<void>(((Features::bound == Side ? void(chosen[next++] = room[feature]) : void(), ++feature), ...));
        return tables{{typename tables::table(id_directory(chosen[I]), kinds, static_cast<T>(shrink))...}};
    }
    /// f(table, index, list) for the features of a side.
    template <binding Side, class Tables, class Record, class F>
    static void each_list(Tables& tables, const Record& record, F&& f) noexcept {
        std::size_t index = 0;
        const auto take = [&]<class Feature>(features<Feature>) {
            if constexpr (Feature::bound == Side) {
                f(tables.of[index], index, record.template get<Feature>());
                ++index;
            }
        };
        (take(features<Features>{}), ...);
    }
    template <binding Side, class T, class Tables, class Record>
    void admit_side(const T* priors, Tables& tables, const Record& record) const noexcept {
        each_list<Side>(tables, record, [&](auto& table, std::size_t index, const auto& list) {
            for (std::size_t i = 0; i < list.count(); ++i)
                table.admit(list.id(i), [&](T* row) { detail::start_row(row, priors + index * Width, Width, spread, list.id(i), seed); });
        });
    }
    template <binding Side, class Tables, class Record> void sighted_side(Tables& tables, const Record& record) const noexcept {
        each_list<Side>(tables, record, [](auto& table, std::size_t, const auto& list) {
            for (std::size_t i = 0; i < list.count(); ++i) table.sighted(list.id(i));
        });
    }
    /// sum: (Width), overwritten with the sum of x v; gives half of |sum|^2 - sum of |x v|^2.
    template <binding Side, class T, class Tables, class Record>
    T add_up(const T* priors, const Tables& tables, const Record& record, T* sum) const noexcept {
        std::fill_n(sum, Width, T(0));
        T squares = 0;
        std::size_t ids = 0;
        each_list<Side>(tables, record, [&](const auto& table, std::size_t index, const auto& list) {
            for (std::size_t i = 0; i < list.count(); ++i, ++ids) {
                const T* row = table.find(list.id(i));
                if (row == nullptr) row = priors + index * Width;
                const T x = list.template value<T>(i);
                math::add_scaled(x, row, sum, Width);
                squares += x * x * math::dot(row, row, Width);
            }
        });
        return ids < 2 ? T(0) : (math::dot(sum, sum, Width) - squares) / 2;  // one id alone has no pair: exactly nothing
    }
    /// d out / d v = x (slope of the sum + slope of the own part times (sum - x v)).
    template <binding Side, class T, class Tables, class Record>
    void spread_slopes(const T* priors, Tables& tables, const Record& record, const T* sum_slope, T own_slope, T* g) const noexcept {
        std::array<T, Width> sum;
        add_up<Side>(priors, tables, record, sum.data());
        each_list<Side>(tables, record, [&](auto& table, std::size_t index, const auto& list) {
            for (std::size_t i = 0; i < list.count(); ++i) {
                const std::uint32_t slot = table.slot(list.id(i));
                const bool known = slot != std::remove_cvref_t<decltype(table)>::none;
                const T* const row = known ? table.row(slot) : priors + index * Width;
                T* const slope = known ? table.slopes(slot) : g + index * Width;
                const T x = list.template value<T>(i);
                for (std::size_t k = 0; k < Width; ++k) slope[k] += x * (sum_slope[k] + own_slope * (sum[k] - x * row[k]));
            }
        });
    }
};

}  // namespace rivulet::inline RIVULET_ABI
