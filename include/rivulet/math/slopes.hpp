// SPDX-License-Identifier: MIT
// Where slopes of weights go: an array to add to, and a list of products x' dy that are kept as their factors instead.
//
// The slope of a dense layer's weights is a sum of one outer product a row. Over few rows it is quicker to remember x and dy, and to make
// each number when the weight under it is moved, than to write a matrix, read it for its norm, and read it again.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "dense.hpp"

namespace rivulet::inline RIVULET_ABI {

/// x' dy, that stands for the slopes of W: (in, padded(out)). x: (n, in), dy: (n, padded(out)); both must live until it is used.
template <class T> class outer_product {
public:
    outer_product() = default;
    outer_product(T* slope, rows<const T> x, std::size_t in, rows<const T> dy, std::size_t out) noexcept
        : slope_(slope), lines_(out == 1 ? dy : x), along_(out == 1 ? x : dy), count_(out == 1 ? 1 : in),
          length_(out == 1 ? in : padded(out)) {}

    T* slope() const noexcept { return slope_; }
    std::size_t size() const noexcept { return count_ * length_; }

    /// Writes down the numbers [first, first + n) of the matrix, each times `scale`.
    void write(std::size_t first, std::size_t n, T scale, T* out) const noexcept {
        for (std::size_t end = first + n, line = first / length_; first < end; ++line) {
            const std::size_t column = first - line * length_, here = std::min(end - first, length_ - column);
            std::fill_n(out, here, T(0));
            for (std::size_t r = 0; r < lines_.count; ++r)
                if (const T factor = lines_[r][line]; factor != T(0)) math::add_scaled(factor, along_[r] + column, out, here);
            if (scale != T(1))
                for (std::size_t i = 0; i < here; ++i) out[i] *= scale;
            first += here;
            out += here;
        }
    }
    /// f(offset, factor, numbers, n) for each line that is not zero, if every line is a factor times the same n numbers: of one row. False
    /// if not.
    template <class F> bool each_line(F&& f) const noexcept {
        if (lines_.count != 1) return false;
        for (std::size_t line = 0; line < count_; ++line)
            if (const T factor = lines_[0][line]; factor != T(0)) f(line * length_, factor, along_[0], length_);
        return true;
    }
    /// The sum of the squares of all numbers: sum over rows r, s of (x_r . x_s) (dy_r . dy_s).
    T squares() const noexcept {
        T sum = 0;
        for (std::size_t r = 0; r < lines_.count; ++r)
            for (std::size_t s = 0; s <= r; ++s)
                sum += (r == s ? T(1) : T(2)) * math::dot(lines_[r], lines_[s], count_) * math::dot(along_[r], along_[s], length_);
        return sum < T(0) ? T(0) : sum;  // rounding; NaN stays
    }

private:
    T* slope_ = nullptr;
    rows<const T> lines_{}, along_{};  // a line of the matrix is a sum over rows of lines_[r][line] times along_[r]
    std::size_t count_ = 0, length_ = 0;
};

/// The products of one step, in the order of their places.
template <class T> class outer_products {
public:
    static constexpr std::size_t most = 32;

    /// False if there is no room.
    bool add(const outer_product<T>& one) noexcept {
        if (count_ == most) return false;
        std::size_t at = count_++;
        for (; at > 0 && one.slope() < products_[at - 1].slope(); --at) products_[at] = products_[at - 1];
        products_[at] = one;
        return true;
    }
    void clear() noexcept {
        count_ = 0;
        scale = T(1);
    }
    const outer_product<T>* begin() const noexcept { return products_.data(); }
    const outer_product<T>* end() const noexcept { return products_.data() + count_; }
    /// Of what lies at this place or behind it, the first.
    const outer_product<T>* from(const T* slope) const noexcept {
        return std::find_if(begin(), end(), [&](const outer_product<T>& one) { return one.slope() >= slope; });
    }

    T scale = 1;  ///< that all of them are to be multiplied by

private:
    std::array<outer_product<T>, most> products_;
    std::size_t count_ = 0;
};

/// A place in an array of slopes, of the weights' shape. It is a `T*` to everyone who adds to it; a dense layer hands its product over.
template <class T> class slope_place {
public:
    slope_place(T* here, outer_products<T>* kept = nullptr) noexcept : at(here), kept_(kept) {}
    operator T*() const noexcept { return at; }
    slope_place operator+(std::size_t numbers) const noexcept { return {at + numbers, kept_}; }

    /// Adds x' dy, here or to the list. Once a step for one place, and where there is a list the place may hold anything before.
    void add_outer(rows<const T> x, std::size_t in, rows<const T> dy, std::size_t out) const noexcept {
        if (kept_ != nullptr) {
            if (kept_->add({at, x, in, dy, out})) return;
            std::fill_n(at, in * padded(out), T(0));
        }
        math::add_outer<T>(x, in, dy, out, at);
    }
    /// Whether products are kept, so that nobody adds to their places.
    bool keeps_products() const noexcept { return kept_ != nullptr; }

    T* at;

private:
    outer_products<T>* kept_;
};

}  // namespace rivulet::inline RIVULET_ABI
