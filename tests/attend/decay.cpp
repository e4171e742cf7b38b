// SPDX-License-Identifier: MIT
// Attention that fades with age: shares against their formula, slopes against central differences, half-lives.
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include <rivulet/attend/attend.hpp>
#include <rivulet/attend/decay.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

constexpr std::size_t in = 5, asked = 3, width = 8, heads = 4, depth = width / heads, stride = rv::padded(width), age_column = 2;
struct recent : rv::context_sequence<in, 7> {};
struct title : rv::candidate<asked> {};
struct shopper : rv::context<asked> {};
template <class Decay> using on_item = rv::attend<recent, title, width, Decay>;
template <class Decay> using on_request = rv::attend<recent, shopper, width, Decay>;
using by_age = rv::age_decay<age_column>;

/// First weights of the request's kind, rates of the heads all different.
template <class Decay, class T> std::vector<T> weights(rv::random& draw, const Decay& decay) {
    std::vector<T> w(on_request<Decay>::weights);
    on_request<Decay>{.heads = heads, .decay = decay}.start(w.data(), draw);
    for (std::size_t h = 0; h < heads; ++h) w[2 * in * stride + h] = static_cast<T>(draw.around_zero(2));
    return w;
}

/// softmax(q K' / sqrt(depth) - rate age) V, in double, for one query over the last rows.
template <class Decay, class T>
std::vector<double> formula(const Decay& decay, const std::vector<T>& w, const std::vector<T>& rows, const std::vector<T>& query) {
    const std::size_t count = rows.size() / in, first = count > recent::length ? count - recent::length : 0;
    const auto product = [](const T* x, std::size_t n, const T* m, std::size_t column) {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(m[i * stride + column]);
        return sum;
    };
    std::vector<double> out(width, 0);
    for (std::size_t h = 0; h < heads && count > 0; ++h) {
        const double weight = static_cast<double>(w[2 * in * stride + h]);
        const double rate = decay.learned ? std::log1p(std::exp(weight)) : std::log(2.0) / static_cast<double>(decay.half_life);
        double total = 0;
        for (std::size_t t = first; t < count; ++t) {
            const T* const row = rows.data() + t * in;
            const double age = std::is_same_v<Decay, by_age> ? static_cast<double>(row[age_column]) : static_cast<double>(count - 1 - t);
            double logit = 0;
            for (std::size_t j = h * depth; j < (h + 1) * depth; ++j)
                logit += product(query.data(), asked, w.data() + 2 * in * stride + 16, j) * product(row, in, w.data(), j);
            const double share = std::exp(logit / std::sqrt(static_cast<double>(depth)) - rate * age);
            total += share;
            for (std::size_t j = h * depth; j < (h + 1) * depth; ++j) out[j] += share * product(row, in, w.data() + in * stride, j);
        }
        for (std::size_t j = h * depth; j < (h + 1) * depth; ++j) out[j] /= total;
    }
    return out;
}

template <class Decay, class T> void check_formula(const Decay& decay) {
    rv::random draw(1);
    const auto w = weights<Decay, T>(draw, decay);
    for (const std::size_t moments : {0u, 1u, 2u, 7u, 9u}) {
        const auto rows = test::numbers<T>(draw, moments * in), query = test::numbers<T>(draw, asked);
        const auto expected = formula(decay, w, rows, query);
        std::vector<T> from_request(width), part(stride);
        on_request<Decay>{.heads = heads, .decay = decay}.forward(w.data(), rv::request(rv::with<recent>(rows), rv::with<shopper>(query)),
                                                                  from_request.data());
        const on_item<Decay> stage{.heads = heads, .decay = decay};
        typename on_item<Decay>::template context_part<T> kept;
        stage.prepare_context(w.data(), rv::request(rv::with<recent>(rows)), kept);
        stage.prepare_candidate(w.data() + on_item<Decay>::weights, rv::item(rv::with<title>(query)), part.data());
        test::guarded_rows<T> parts(30, stride), out(30, width);
        for (std::size_t r = 0; r < 30; ++r) std::copy_n(part.data(), stride, parts[r]);
        stage.forward(w.data(), kept, std::as_const(parts).view(), out.view());
        CHECK(out.intact());
        for (std::size_t j = 0; j < width; ++j) {
            CHECK(within(static_cast<double>(from_request[j]), expected[j], test::tolerance::attention<T>(in + asked, depth, 7)));
            for (const std::size_t r : {0u, 23u, 29u}) CHECK(out[r][j] == from_request[j]);
        }
    }
}

}  // namespace

TEST_CASE_TEMPLATE("shares fade with age as the formula says, by position and by column, learned and fixed", T, float, double) {
    check_formula<rv::position_decay, T>({.half_life = 3});
    check_formula<rv::position_decay, T>({.half_life = 3, .learned = false});
    check_formula<by_age, T>({.half_life = 0.5f});
    check_formula<by_age, T>({.half_life = 0.5f, .learned = false});
}

TEST_CASE("every slope equals central differences, that of the rates too; a fixed half-life has none") {
    const auto check = [](auto decay) {
        using Decay = decltype(decay);
        rv::random draw(2);
        auto w = weights<Decay, double>(draw, decay);
        for (const std::size_t moments : {1u, 2u, 9u}) {
            const auto rows = test::numbers<double>(draw, moments * in), query = test::numbers<double>(draw, asked),
                       slope = test::numbers<double>(draw, width);
            const on_request<Decay> stage{.heads = heads, .decay = decay};
            const auto request = rv::request(rv::with<recent>(rows), rv::with<shopper>(query));
            std::vector<double> g(w.size(), 0);
            stage.backward(w.data(), request, slope.data(), g.data());
            const auto objective = [&] {
                double out[width], sum = 0;
                stage.forward(w.data(), request, out);
                for (std::size_t i = 0; i < width; ++i) sum += out[i] * slope[i];
                return sum;
            };
            bool rates_have_slopes = false;
            for (std::size_t at = 0; at < w.size(); ++at) {
                CAPTURE(at);
                CHECK(test::worst_slope({&w[at], 1}, {&g[at], 1}, objective) < test::tolerance::central_difference);
                rates_have_slopes |= at >= 2 * in * stride && at < 2 * in * stride + heads && std::abs(g[at]) > 1e-3;
            }
            CHECK(rates_have_slopes == (decay.learned && moments > 1));
        }
    };
    check(rv::position_decay{.half_life = 2});
    check(rv::position_decay{.half_life = 2, .learned = false});
    check(by_age{.half_life = 1});
}

TEST_CASE_TEMPLATE("beside an equal row of age 0 the share of one as old as the half-life is half", T, float, double) {
    struct moments : rv::context_sequence<2, 4> {};
    struct wish : rv::context<1> {};
    using stage = rv::attend<moments, wish, 1, rv::age_decay<1>>;
    const stage faded{.decay = {.half_life = 24}}, fast{.decay = {.half_life = 1e-3f, .learned = false}};
    std::vector<T> w(stage::weights);
    rv::random draw(3);
    faded.start(w.data(), draw);
    std::fill_n(w.data(), 4, T(0));
    w[2] = 1;  // W_v: the first number; keys are all zero
    const T query[] = {1};
    T out = 0;
    for (const T from : {T(0), T(-1000), T(1e6)}) {  // from when ages are counted
        const T rows[] = {5, from + 24, 2, from};
        faded.forward(w.data(), rv::request(rv::with<moments>(rows), rv::with<wish>(query)), &out);
        CHECK(within(static_cast<double>(out), 5 * (1.0 / 3) + 2 * (2.0 / 3), test::tolerance::exponential<T>(5)));
    }
    for (const T age : {T(1e4), T(1e30), std::numeric_limits<T>::max()}) {  // so old that nothing is left; and never NaN
        const T rows[] = {5, age, 2, 0};
        faded.forward(w.data(), rv::request(rv::with<moments>(rows), rv::with<wish>(query)), &out);
        CHECK(out == 2);
        fast.forward(w.data(), rv::request(rv::with<moments>(rows), rv::with<wish>(query)), &out);
        CHECK(out == 2);
        faded.forward(w.data(), rv::request(rv::with<moments>(static_cast<const T*>(rows), std::size_t(2)), rv::with<wish>(query)), &out);
        CHECK(out == 5);  // a single row, however old
    }
}

TEST_CASE_TEMPLATE("the first rate is the half-life's, from a thousandth to a million", T, float, double) {
    for (const float half_life : {1e-3f, 0.1f, 1.0f, 16.0f, 1e6f}) {
        T w[16];
        const rv::position_decay learned{.half_life = half_life}, fixed{.half_life = half_life, .learned = false};
        learned.start(w);
        const double expected = std::log(2.0) / static_cast<double>(half_life);
        // exp(w) magnifies a rounding of w, which is up to 14, by as much
        for (std::size_t h = 0; h < 16; ++h)
            CHECK(within(static_cast<double>(learned.rate(w, h)), expected, 16 * test::tolerance::rounding<T>(expected)));
        CHECK(within(static_cast<double>(fixed.rate(w, 0)), expected, test::tolerance::rounding<T>(expected)));
    }
    CHECK(rv::position_decay{}.validate(16));
    CHECK_FALSE(rv::position_decay{}.validate(17));
    CHECK_FALSE(on_item<by_age>{.heads = heads, .decay = {.half_life = -1}}.validate());
    CHECK_FALSE(on_item<by_age>{.heads = 3}.validate());
    CHECK(on_item<by_age>{}.settings() == "heads=1 half_life=16");
}
