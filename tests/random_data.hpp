// SPDX-License-Identifier: MIT
// Test data that is the same on every platform: numbers from rivulet::random, in memory that is nowhere aligned and guarded on all sides.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <rivulet/core/random.hpp>
#include <rivulet/core/rows.hpp>

namespace test {

/// Nothing, one, two, odd, one below, at and above every register and cache line from 4 to 64 numbers, several hundred.
inline constexpr std::size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 127, 129, 300, 511};

/// `n` numbers in [-limit, limit).
template <class T> std::vector<T> numbers(rivulet::random& draw, std::size_t n, double limit = 1) {
    std::vector<T> drawn(n);
    for (T& number : drawn) number = static_cast<T>(draw.around_zero(limit));
    return drawn;
}

/// `count` rows of `width` numbers, a stride apart, beginning one element off the alignment. What lies between and around them is a guard
/// that nobody may change, and that shows in the results of whoever reads it.
template <class T> class guarded_rows {
public:
    static constexpr T guard = T(-12345);
    static constexpr std::size_t margin = 17;  // odd, and wider than any register

    guarded_rows(std::size_t count, std::size_t width, std::size_t stride)
        : count_(count), width_(width), stride_(stride), room_(2 * margin + count * stride, guard) {}
    guarded_rows(std::size_t count, std::size_t width) : guarded_rows(count, width, width) {}

    rivulet::rows<T> view() { return {room_.data() + margin, count_, stride_}; }
    rivulet::rows<const T> view() const { return {room_.data() + margin, count_, stride_}; }
    T* operator[](std::size_t row) { return view()[row]; }
    const T* operator[](std::size_t row) const { return view()[row]; }

    guarded_rows& fill(rivulet::random& draw, double limit = 1) {
        for (std::size_t r = 0; r < count_; ++r)
            for (std::size_t i = 0; i < width_; ++i) view()[r][i] = static_cast<T>(draw.around_zero(limit));
        return *this;
    }
    guarded_rows& fill(T value) {
        for (std::size_t r = 0; r < count_; ++r) std::fill_n(view()[r], width_, value);
        return *this;
    }
    bool intact() const {
        for (std::size_t i = 0; i < room_.size(); ++i) {
            const bool inside = i >= margin && i < margin + count_ * stride_ && (i - margin) % stride_ < width_;
            if (!inside && room_[i] != guard) return false;
        }
        return true;
    }

private:
    std::size_t count_, width_, stride_;
    std::vector<T> room_;
};

/// One guarded row.
template <class T> class guarded : public guarded_rows<T> {
public:
    explicit guarded(std::size_t n) : guarded_rows<T>(1, n) {}
    guarded(rivulet::random& draw, std::size_t n, double limit = 1) : guarded(n) { this->fill(draw, limit); }
    T* data() { return (*this)[0]; }
    const T* data() const { return (*this)[0]; }
};

/// Weights of a dense layer, (in, padded(out)), the padding zero.
template <class T> std::vector<T> dense_weights(rivulet::random& draw, std::size_t in, std::size_t out, double limit = 1) {
    std::vector<T> w(in * rivulet::padded(out), T(0));
    for (std::size_t i = 0; i < in; ++i)
        for (std::size_t j = 0; j < out; ++j) w[i * rivulet::padded(out) + j] = static_cast<T>(draw.around_zero(limit));
    return w;
}

/// Whether the padding of dense weights, (in, padded(out)), is zero.
template <class T> bool padding_is_zero(const T* w, std::size_t in, std::size_t out) {
    for (std::size_t i = 0; i < in; ++i)
        for (std::size_t j = out; j < rivulet::padded(out); ++j)
            if (w[i * rivulet::padded(out) + j] != T(0)) return false;
    return true;
}

}  // namespace test
