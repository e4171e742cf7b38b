// SPDX-License-Identifier: MIT
// The contract: a layer of one's own, as layer/layer.hpp writes it down, works wherever ours do, and a type that lacks something is none.
#include <doctest/doctest.h>

#include <rivulet/layer/activation.hpp>
#include <rivulet/layer/cross_layers.hpp>
#include <rivulet/layer/dense.hpp>
#include <rivulet/layer/dropout.hpp>
#include <rivulet/layer/layer.hpp>
#include <rivulet/layer/layer_norm.hpp>
#include <rivulet/layer/residual.hpp>

#include "run.hpp"

namespace rv = rivulet;

namespace {

/// y[i] = factor x[i] + w, one weight for all; keeps nothing.
struct shifted {
    double factor = 2;
    static constexpr std::size_t out(std::size_t in) { return in; }
    static constexpr std::size_t weights(std::size_t) { return 1; }
    static constexpr std::size_t saved(std::size_t) { return 0; }
    template <std::size_t In, class T> void start(T* w, rv::random& seeded, double) const noexcept {
        *w = static_cast<T>(seeded.around_zero(1));
    }
    template <std::size_t In, class T> void forward(const T* w, rv::rows<const T> x, rv::rows<T> y, rv::rows<T>, rv::noise) const noexcept {
        for (std::size_t r = 0; r < x.count; ++r)
            for (std::size_t i = 0; i < rv::padded(In); ++i) y[r][i] = i < In ? static_cast<T>(factor) * x[r][i] + *w : T(0);
    }
    template <std::size_t In, class T>
    void backward(const T*, rv::rows<const T>, rv::rows<const T>, rv::rows<const T> dy, rv::rows<T> dx, rv::rows<T>, T* g,
                  rv::noise) const noexcept {
        for (std::size_t r = 0; r < dy.count; ++r)
            for (std::size_t i = 0; i < rv::padded(In); ++i) {
                dx[r][i] = static_cast<T>(factor) * dy[r][i];
                *g += dy[r][i];
            }
    }
};
struct without_backward {
    static constexpr std::size_t out(std::size_t in) { return in; }
    static constexpr std::size_t weights(std::size_t) { return 0; }
    static constexpr std::size_t saved(std::size_t) { return 0; }
    template <std::size_t In, class T> void forward(const T*, rv::rows<const T>, rv::rows<T>, rv::rows<T>, rv::noise) const noexcept {}
};

}  // namespace

TEST_CASE("ours and one's own are layers, what lacks a member is none") {
    static_assert(rv::layer<rv::dense<3>, 5, float> && rv::layer<rv::gelu, 5, double> && rv::layer<rv::rectifier, 5, float>);
    static_assert(rv::layer<rv::layer_norm, 5, float> && rv::layer<rv::dropout, 5, float> && rv::layer<rv::cross_layers<2, 1>, 5, float>);
    static_assert(rv::layer<rv::residual<rv::gelu>, 5, float> && rv::layer<shifted, 5, float>);
    static_assert(!rv::layer<without_backward, 5, float> && !rv::layer<int, 5, float>);
}

TEST_CASE("a layer of one's own learns, alone and between ours") {
    test::slopes_are_right<5>(shifted{}, 1);
    test::slopes_are_right<6>(rv::residual{rv::dense<4>{}, shifted{.factor = 0.5}, rv::silu{}, rv::dense<6>{}}, 1);
}

TEST_CASE("weights lie one after the other, outputs and what is saved on cache lines of their own") {
    using stack = rv::detail::stack<rv::dense<6>, rv::layer_norm, rv::gelu, rv::dense<1>>;
    constexpr auto at = stack::at(5);
    static_assert(at.width == std::array<std::size_t, 5>{5, 6, 6, 6, 1});
    static_assert(at.weights == std::array<std::size_t, 5>{0, 96, 128, 128, 135});
    static_assert(at.y == std::array<std::size_t, 4>{0, 16, 48, 64} && at.saved == std::array<std::size_t, 4>{16, 32, 64, 64});
    static_assert(stack::saved(5) == 64 && stack::weights(5) == 135 && stack::out(5) == 1);
    CHECK(stack{}.settings() == "dense{units=6},layer_norm{epsilon=1e-05},gelu,dense{units=1}");
}
