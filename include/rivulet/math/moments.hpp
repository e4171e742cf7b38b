// SPDX-License-Identifier: MIT
// Mean and scatter of rows that arrive in batches of any size, in one pass that is as exact as two.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/rows.hpp"
#include "dense.hpp"

namespace rivulet::inline RIVULET_ABI::math {

/// The index of the first number that is not finite or is beyond +-limit, or `n`. Magnitudes of IEEE numbers are in the order of their
/// bits, infinity and NaN above all, so one comparison of integers asks both, under -ffast-math too. O(n), 16 numbers a step.
template <class T> std::size_t first_beyond(T limit, const T* x, std::size_t n) noexcept {
    using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    const bits magnitude = ~bits(0) >> 1, most = std::bit_cast<bits>(limit);
    const auto beyond = [&](T number) { return (std::bit_cast<bits>(number) & magnitude) > most; };
    std::size_t at = 0;
    for (; at + 16 <= n; at += 16) {
        unsigned bad = 0;
        for (std::size_t i = 0; i < 16; ++i) bad |= static_cast<unsigned>(beyond(x[at + i]));
        if (bad) break;
    }
    while (at < n && !beyond(x[at])) ++at;
    return at;
}

namespace detail {

/// sums += weight (x - from). O(n).
template <class T> void add_distances(double weight, const T* x, const T* from, double* sums, std::size_t n) noexcept {
    if constexpr (kernel::apart<T>) return kernels::in_use().add_distances(weight, x, from, sums, n);
    for (std::size_t i = 0; i < n; ++i) sums[i] += weight * (static_cast<double>(x[i]) - static_cast<double>(from[i]));
}
/// x = (x - mean) factor. O(n).
template <class T> void centre(const double* mean, T factor, T* x, std::size_t n) noexcept {
    if constexpr (kernel::apart<T>) return kernels::in_use().centre(mean, factor, x, n);
    for (std::size_t i = 0; i < n; ++i) x[i] = (x[i] - static_cast<T>(mean[i])) * factor;
}
/// row = fade row + more - lost rounding + moved apart. O(n).
template <class T>
void fold_row(double fade, const T* more, double lost, const double* rounding, double moved, const double* apart, double* row,
              std::size_t n) noexcept {
    if constexpr (kernel::apart<T>) return kernels::in_use().fold_row(fade, more, lost, rounding, moved, apart, row, n);
    for (std::size_t j = 0; j < n; ++j) row[j] = fade * row[j] + (static_cast<double>(more[j]) - lost * rounding[j] + moved * apart[j]);
}

}  // namespace detail

/// Count, mean and scatter, sum of w (x - mean)(x - mean)', of rows. Rows wait until there are `block` of them; a block is centred by its
/// own mean, its scatter is one product X'X in registers of T, and it is joined to the rest by the pairwise update of Chan, Golub and
/// LeVeque (1983) in double. So however the rows are cut into batches, the same rows in the same order give the same bytes, and rows far
/// from the origin lose nothing but what T itself lost of them.
///
/// Error of scatter (i, j), relative to sqrt(scatter (i, i) scatter (j, j)): at most (block + 4) u of T from the products of a block, in
/// practice some 10 u, and over blocks n + offset u of double, the offset in deviations.
///
/// A forgetting factor f below 1 weighs a row f^age, its age counted in rows that came after it: the window of recursive least squares.
template <class T> class moments {
public:
    static constexpr std::size_t block = 256;

    /// Allocates width^2 doubles, or `width` without covariances, and a block of rows. `add` allocates nothing.
    moments(std::size_t width, bool covariances, double forgetting_factor = 1)
        : width_(width), stride_((width + 15) / 16 * 16), covariances_(covariances), forgetting_(forgetting_factor), mean_(stride_),
          rounding_(stride_), apart_(stride_), scatter_((covariances ? width : 1) * stride_), waiting_(block * stride_),
          strip_(covariances ? across * stride_ : 0) {}

    /// data: (n, width), finite. n width^2 / 2 multiply-adds, or n width without covariances.
    template <class Number> void add(rows<const Number> data) noexcept {
        for (std::size_t r = 0; r < data.count; ++r) {
            T* const kept = waiting_.data() + number_ * stride_;
            for (std::size_t i = 0; i < width_; ++i) kept[i] = static_cast<T>(data[r][i]);
            ++count_;
            if (++number_ == block) fold();
        }
    }

    /// As if the other's rows had been added, the newest of both being of one age. Equal widths and kinds. width^2 / 2 multiply-adds.
    void merge(moments other) noexcept {
        fold();
        other.fold();
        count_ += other.count_;
        if (!(other.weight_ > 0)) return;
        const double join = approach(other.mean_.data(), other.weight_);
        for (std::size_t i = 0; i < (covariances_ ? width_ : 1); ++i) {
            double* const row = scatter_.data() + i * stride_;
            const double* const more = other.scatter_.data() + i * stride_;
            for (std::size_t j = covariances_ ? i : 0; j < width_; ++j)
                row[j] += more[j] + join * (covariances_ ? apart_[i] : apart_[j]) * apart_[j];
        }
        squares_ += other.squares_;
    }

    /// Counts in the rows that wait. Reading needs it; reading a copy leaves the blocks of the original as they are.
    void fold() noexcept {
        if (number_ == 0) return;
        std::array<double, block> weight;  // newest 1, each older one the factor lighter
        double all = 0, all_squares = 0, next = 1;
        for (std::size_t r = number_; r-- > 0; next *= forgetting_) {
            weight[r] = next;
            all += next;
            all_squares += next * next;
        }
        std::vector<double>& mean = centre(weight.data(), all);
        weight_ *= next;
        squares_ = squares_ * next * next + all_squares;
        const double join = approach(mean.data(), all);
        for (std::size_t i = 0; i < width_; ++i) rounding_[i] -= static_cast<double>(static_cast<T>(rounding_[i]));  // mean - centre
        if (covariances_)
            add_products(next, all, join);
        else
            add_squares(next, all, join);
        number_ = 0;
    }

    std::size_t width() const noexcept { return width_; }
    /// Rows that were added, and what they weigh now: less with a forgetting factor below 1, and without those that wait.
    std::uint64_t count() const noexcept { return count_; }
    double weight() const noexcept { return weight_; }
    const double* mean() const noexcept { return mean_.data(); }
    /// Of numbers i <= j; i = j without covariances.
    double scatter(std::size_t i, std::size_t j) const noexcept { return scatter_[(covariances_ ? i * stride_ : 0) + j]; }
    /// What the scatter is divided by to be without bias: n - 1, and for weights sum w - sum w^2 / sum w. 0 where there is no spread yet.
    double freedom() const noexcept {
        const double left = weight_ > 0 ? weight_ - squares_ / weight_ : 0;
        return left > 1e-9 * weight_ ? left : 0;
    }
    /// (width, width), symmetric: the scatter divided by the freedom, zero without any. With covariances, and no row waiting.
    std::vector<double> covariance() const {
        std::vector<double> all(width_ * width_);
        const double divisor = freedom();
        for (std::size_t i = 0; i < width_ && divisor > 0; ++i)
            for (std::size_t j = i; j < width_; ++j) all[i * width_ + j] = all[j * width_ + i] = scatter(i, j) / divisor;
        return all;
    }
    /// Bytes held.
    std::size_t memory() const noexcept {
        return (mean_.size() + rounding_.size() + apart_.size() + scatter_.size()) * sizeof(double) +
               (waiting_.size() + strip_.size()) * sizeof(T);
    }

private:
    static constexpr std::size_t across = 12;  // rows of X'X at a time: whole register blocks of math::multiply, be they of 6 or 4 rows

    /// The mean of the rows that wait, found from the first of them, so that numbers that are all alike have it exactly; the rows become
    /// their distances to it, times sqrt(w). What T cannot hold of the mean is taken out of the scatter afterwards.
    std::vector<double>& centre(const double* weight, double all) noexcept {
        std::vector<double>& mean = rounding_;
        T* const first = waiting_.data();
        std::fill(mean.begin(), mean.end(), 0.0);
        for (std::size_t r = 1; r < number_; ++r) detail::add_distances(weight[r], first + r * stride_, first, mean.data(), width_);
        for (std::size_t i = 0; i < width_; ++i) mean[i] = static_cast<double>(first[i]) + mean[i] / all;
        for (std::size_t r = 0; r < number_; ++r)
            detail::centre(mean.data(), static_cast<T>(std::sqrt(weight[r])), first + r * stride_, width_);
        return mean;
    }

    /// Moves the mean towards rows of this mean and weight. apart: how far they were; returns what apart apart' adds to the scatter.
    double approach(const double* mean, double weight) noexcept {
        const double sum = weight_ + weight;
        for (std::size_t i = 0; i < width_; ++i) {
            apart_[i] = weight_ > 0 ? mean[i] - mean_[i] : 0;
            mean_[i] = weight_ > 0 ? mean_[i] + apart_[i] * (weight / sum) : mean[i];
        }
        return std::exchange(weight_, sum) * weight / sum;
    }

    /// scatter = fade scatter + X'X - all rounding rounding' + join apart apart', above the diagonal, by strips of rows.
    void add_products(double fade, double all, double join) noexcept {
        std::array<T, across * block> turned;  // the strip's columns of X: (across, number)
        for (std::size_t first = 0; first < width_; first += across) {
            const std::size_t height = std::min(across, width_ - first), from = first / 16 * 16;
            for (std::size_t r = 0; r < number_; ++r)
                for (std::size_t i = 0; i < height; ++i) turned[i * block + r] = waiting_[r * stride_ + first + i];
            std::fill(strip_.begin(), strip_.end(), T(0));
            multiply_columns<T>({turned.data(), height, block}, number_, waiting_.data() + from, stride_ - from, stride_,
                                {strip_.data() + from, height, stride_});
            for (std::size_t i = 0; i < height; ++i) {
                const double lost = all * rounding_[first + i], moved = join * apart_[first + i];
                detail::fold_row(fade, strip_.data() + i * stride_ + from, lost, rounding_.data() + from, moved, apart_.data() + from,
                                 scatter_.data() + (first + i) * stride_ + from, stride_ - from);
            }
        }
    }
    void add_squares(double fade, double all, double join) noexcept {
        for (std::size_t i = 0; i < width_; ++i) scatter_[i] = fade * scatter_[i] + join * apart_[i] * apart_[i];
        for (std::size_t r = 0; r < number_; ++r)
            for (std::size_t i = 0; i < width_; ++i) {
                const double x = static_cast<double>(waiting_[r * stride_ + i]);
                scatter_[i] += x * x;
            }
        for (std::size_t i = 0; i < width_; ++i) scatter_[i] -= all * rounding_[i] * rounding_[i];
    }

    std::size_t width_, stride_, number_ = 0;  // of rows that wait
    bool covariances_;
    double forgetting_, weight_ = 0, squares_ = 0;  // sum of the weights, and of their squares
    std::uint64_t count_ = 0;
    std::vector<double> mean_, rounding_, apart_;  // (stride); the last two are what a fold works with
    std::vector<double> scatter_;                  // (width, stride), the part above the diagonal; or (stride): the diagonal
    std::vector<T> waiting_, strip_;               // (block, stride), padding zero; (across, stride)
};

}  // namespace rivulet::inline RIVULET_ABI::math
