// SPDX-License-Identifier: MIT
// Vectors by id, and the k of them that have the largest inner products with a query: exact, in one pass over memory.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../core/arena.hpp"
#include "../core/error.hpp"
#include "../core/rows.hpp"
#include "../math/row_products.hpp"
#include "../math/vector.hpp"
#include "../rank/top_k.hpp"
#include "coded_rows.hpp"

namespace rivulet::inline RIVULET_ABI {

/// What a table keeps beside its vectors. With eight_bit codes, a quarter more memory and 12 bytes a row, `nearest` first scans the codes,
/// a third or less to read, and computes only what they cannot exclude: its answer is the same bit for bit. It takes a fifth of the time
/// where codes exclude nearly all, as usual, and up to half as much again where they exclude little: among vectors whose products differ
/// by less than 1 percent of their lengths or rise from row to row, or whose largest component leaves no codes for the others.
enum class vector_codes : std::uint8_t { none, eight_bit };

/// The nearest, and what they cost. What overflows is counted of eligible vectors alone.
struct retrieved : ranked {
    std::size_t computed = 0;  ///< products that were computed in float: all, or those that codes could not exclude
};

/// A value: owns copies of the vectors, which come, change and go one at a time. Not for concurrent use while it is changed. Wherever it
/// takes a vector it takes anything contiguous of float; one whose length the compiler knows and finds wrong does not compile.
template <std::size_t Width, vector_codes Codes = vector_codes::none> class vector_table {
public:
    static constexpr std::size_t width = Width;
    static_assert(Width > 0, "a vector has at least one number");

    std::size_t size() const noexcept { return ids_.size(); }
    std::span<const item_id> ids() const noexcept { return ids_; }
    bool contains(item_id id) const noexcept { return row_of_.count(id) > 0; }
    /// The vector of an id, good until the table changes: (Width), or empty for one that is not there. O(1).
    std::span<const float> at(item_id id) const noexcept {
        const auto found = row_of_.find(id);
        if (found == row_of_.end()) return {};
        return {row(found->second), Width};
    }

    /// Adds one vector. Refused, and nothing changed: an id that is there, a wrong width, a number that is not finite. O(Width), amortised.
    /// Throws std::bad_alloc, and then nothing has changed.
    template <class Numbers> status add(item_id id, const Numbers& numbers) {
        const auto vector = view(numbers);
        if (contains(id)) return {errc::duplicate_item, "vector table", 0, 0, id};
        if (const status checked = check(vector, Width, "vector table"); !checked) return checked;
        append(id, vector.data());
        return {};
    }
    /// Adds many, or none: vectors one after the other, (ids, Width).
    status add(std::span<const item_id> ids, std::span<const float> vectors) {
        if (vectors.size() != ids.size() * Width)
            return {errc::count, "vector table", static_cast<double>(ids.size()),
                    static_cast<double>(vectors.size()) / static_cast<double>(Width)};
        if (const status checked = check(vectors, vectors.size(), "vector table"); !checked) return checked;
        const arena<float> alive_until_copied = grow(size() + ids.size());  // the vectors may be the table's own
        struct all_or_none {
            vector_table& table;
            std::size_t keep;
            ~all_or_none() {
                while (table.size() > keep) table.remove_row(table.size() - 1);
            }
        } added{*this, size()};
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (contains(ids[i])) return {errc::duplicate_item, "vector table", 0, 0, ids[i]};
            append(ids[i], vectors.data() + i * Width);
        }
        added.keep = size();
        return {};
    }
    /// Replaces the vector of an id. Refused as in add.
    template <class Numbers> status change(item_id id, const Numbers& numbers) noexcept {
        const auto vector = view(numbers);
        const auto found = row_of_.find(id);
        if (found == row_of_.end()) return {errc::unknown_item, "vector table", 0, 0, id};
        if (const status checked = check(vector, Width, "vector table"); !checked) return checked;
        write(found->second, vector.data());
        return {};
    }
    /// Takes a vector out; the last one takes its place in memory. O(Width).
    status remove(item_id id) noexcept {
        const auto found = row_of_.find(id);
        if (found == row_of_.end()) return {errc::unknown_item, "vector table", 0, 0, id};
        remove_row(found->second);
        return {};
    }
    /// Room for this many vectors without moving. Throws std::bad_alloc, and then nothing has changed.
    void reserve(std::size_t vectors) { static_cast<void>(grow(vectors)); }

    /// The buffer.size() vectors of the largest inner product with the query, or all if there are fewer: best first, ties by id. The
    /// products are of float32, (Width + 1) 2^-24 |query| |vector| from exact at most. Refused: a wrong width, a number that is not finite.
    /// O(size Width), and O(log k) for a vector that is kept; allocates nothing.
    template <class Numbers> retrieved nearest(const Numbers& query, std::span<scored> buffer) const noexcept {
        return search(view(query), buffer, [](item_id) noexcept { return true; });
    }
    /// The same of the ids that a filter allows; it is asked only about vectors that would be kept or overflow.
    template <class Numbers, item_filter Filter>
    retrieved nearest(const Numbers& query, std::span<scored> buffer, const Filter& allows) const noexcept {
        return search(view(query), buffer, allows);
    }

    /// Bytes held: vectors, codes, ids and the index of ids.
    std::size_t memory() const noexcept {
        constexpr std::size_t node = sizeof(std::pair<item_id, std::size_t>) + 2 * sizeof(void*);
        std::size_t bytes = numbers_.size() * sizeof(float) + ids_.capacity() * sizeof(item_id);
        bytes += row_of_.size() * node + row_of_.bucket_count() * sizeof(void*);
        if constexpr (coded) bytes += codes_.memory();
        return bytes;
    }

private:
    static constexpr bool coded = Codes == vector_codes::eight_bit;
    static constexpr std::size_t block = 16, many = 64, stretch = 2048, at_once = math::rows_at_once<Width>;  // rows
    static constexpr std::size_t room_to_gather = coded && (at_once > 1) ? block * Width + math::read_beyond_rows : 1;
    struct no_codes {};

    template <class Numbers> static std::span<const float> view(const Numbers& numbers) noexcept {
        const auto all = std::span(numbers);
        static_assert(std::same_as<typename decltype(all)::value_type, float>, "a vector table takes float numbers");
        static_assert(decltype(all)::extent == std::dynamic_extent || decltype(all)::extent == Width,
                      "the array's length is not the vector table's width");
        return all;
    }
    static status check(std::span<const float> numbers, std::size_t expected, std::string_view where) noexcept {
        if (numbers.size() != expected) return {errc::width, where, static_cast<double>(expected), static_cast<double>(numbers.size())};
        const std::size_t bad = math::first_nonfinite(numbers.data(), numbers.size());
        if (bad < numbers.size()) return {errc::nonfinite, where, 0, static_cast<double>(numbers[bad]), bad};
        return {};
    }

    /// The best so far, and the rows that are scored next: 16 at a time, which memory brings near meanwhile.
    template <class Filter> class selection {
    public:
        selection(const vector_table& table, const float* query, std::span<scored> buffer, const Filter& allows) noexcept
            : table_(table), query_(query), best_(buffer), allows_(allows) {}

        float least() const noexcept { return best_.least(); }
        void later(std::size_t row) noexcept requires coded {
            if (!allows_(table_.ids_[row])) return;
            const float* const numbers = table_.row(row);
            for (std::size_t i = 0; i < std::min<std::size_t>(Width, 512); i += 16) detail::prefetch(numbers + i);
            waiting_[number_] = row;
            if (++number_ == block) flush();
        }
        void flush() noexcept requires coded {
            for (std::size_t first = 0; first < number_; first += at_once) {
                const std::size_t number = std::min(at_once, number_ - first);
                const float* rows = table_.row(waiting_[first]);
                if constexpr (at_once > 1) {  // side by side, as they lie in a table; what is left of earlier rows does no harm
                    for (std::size_t i = 0; i < number; ++i) std::copy_n(table_.row(waiting_[i]), Width, gathered_.data() + i * Width);
                    rows = gathered_.data();
                }
                math::row_products<Width>(query_, rows, at_once, products_.data() + first);
            }
            for (std::size_t i = 0; i < number_; ++i) add(waiting_[i], products_[i]);
            found.computed += number_;
            number_ = 0;
        }
        /// Rows from `begin`, a multiple of 16, to `end`, in the order in which they lie. All products of some blocks come before all
        /// comparisons: memory is read at its full speed only by a loop so tight that the processor is always some blocks ahead of what it
        /// waits for. The table's room is whole blocks.
        void all_of(std::size_t begin, std::size_t end) noexcept {
            found.computed += end - begin;
            for (std::size_t first = begin; first < end; first += many) {
                const std::size_t number = std::min(many, end - first);
                math::row_products<Width>(query_, table_.row(first), (number + block - 1) / block * block, products_.data());
                for (std::size_t at = 0; at < number; at += block) {
                    for (std::uint32_t left = math::which_count(products_.data() + at, least()); left != 0; left &= left - 1) {
                        const std::size_t i = at + static_cast<std::size_t>(std::countr_zero(left));
                        if (i < number && allows_(table_.ids_[first + i])) add(first + i, products_[i]);
                    }
                }
            }
        }
        retrieved finish() noexcept {
            found.items = best_.sorted();
            return found;
        }

        retrieved found;

    private:
        void add(std::size_t row, float product) noexcept { detail::add_finite(best_, {table_.ids_[row], product}, found.overflowed); }

        const vector_table& table_;
        const float* query_;
        top_k best_;
        const Filter& allows_;
        std::size_t number_ = 0;
        std::array<std::size_t, block> waiting_;
        alignas(64) std::array<float, many> products_;
        alignas(64) std::array<float, room_to_gather> gathered_{};
    };

    template <class Filter> retrieved search(std::span<const float> query, std::span<scored> buffer, const Filter& allows) const noexcept {
        if (const status checked = check(query, Width, "query"); !checked) return {{.status = checked}};
        if (buffer.empty()) return {};
        alignas(64) std::array<float, (Width + 15) / 16 * 16> padded{};
        std::copy_n(query.data(), Width, padded.data());
        selection<Filter> kept(*this, padded.data(), buffer, allows);
        if constexpr (coded) {
            const typename coded_rows<Width>::question asked(padded.data());
            // Where codes exclude little, vectors are read faster as they lie than one by one: so for a while, and then codes are tried
            // again.
            std::size_t without = 0;
            for (std::size_t first = 0; first < size(); first += stretch) {
                const std::size_t end = std::min(first + stretch, size()), before = kept.found.computed;
                if (without > 0) {
                    kept.all_of(first, end);
                    --without;
                    continue;
                }
                codes_.each_that_may_reach(
                    asked, first, end, [&] { return kept.least(); }, [&](std::size_t row) { kept.later(row); });
                kept.flush();
                if (first > 0 && 4 * (kept.found.computed - before) > stretch) without = 4;  // the first of all fill the buffer
            }
        } else {
            kept.all_of(0, size());
        }
        return kept.finish();
    }

    const float* row(std::size_t row) const noexcept { return numbers_.data() + row * Width; }
    void write(std::size_t row, const float* vector) noexcept {
        std::copy_n(vector, Width, numbers_.data() + row * Width);
        if constexpr (coded) codes_.write(row, this->row(row));
    }
    void append(item_id id, const float* vector) {
        const arena<float> alive_until_copied = grow(size() + 1);  // the vector may be one of the table's own
        row_of_.emplace(id, size());
        ids_.push_back(id);
        write(size() - 1, vector);
    }
    void remove_row(std::size_t row) noexcept {
        const std::size_t last = size() - 1;
        row_of_.erase(ids_[row]);
        if (row != last) {
            std::copy_n(this->row(last), Width, numbers_.data() + row * Width);
            if constexpr (coded) codes_.copy(last, row);
            ids_[row] = ids_[last];
            row_of_.find(ids_[row])->second = row;
        }
        ids_.pop_back();
    }
    /// Gives back the block that the vectors lay in, if they moved.
    arena<float> grow(std::size_t vectors) {
        if (vectors <= ids_.capacity() && vectors * Width + math::read_beyond_rows <= numbers_.size()) return {};
        const std::size_t room = (std::max(vectors, 2 * size()) + block - 1) / block * block;
        ids_.reserve(room);
        row_of_.reserve(room);
        arena<float> larger(room * Width + math::read_beyond_rows);
        if constexpr (coded) codes_.reserve(room);
        std::copy_n(numbers_.data(), size() * Width, larger.data());
        return std::exchange(numbers_, std::move(larger));
    }

    std::vector<item_id> ids_;
    std::unordered_map<item_id, std::size_t> row_of_;
    arena<float> numbers_;  // (room, Width), then what math::row_products may read
    [[no_unique_address]] std::conditional_t<coded, coded_rows<Width>, no_codes> codes_;
};

}  // namespace rivulet::inline RIVULET_ABI
