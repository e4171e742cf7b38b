// SPDX-License-Identifier: MIT
// Keys of a sequence against plain loops: which rows count, where they go, the shares that queries give them, and all slopes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include <rivulet/attend/sequence_keys.hpp>

#include "../central_differences.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

constexpr std::size_t in = 5;
struct recent : rv::context_sequence<in, 20> {};
struct newest : rv::context_sequence<in, 1> {};

/// The rows that count: the last `length`, without those that are masked.
std::vector<std::size_t> counting_rows(std::size_t rows, std::size_t length, const std::vector<std::uint8_t>& valid) {
    std::vector<std::size_t> counting;
    for (std::size_t i = rows > length ? rows - length : 0; i < rows; ++i)
        if (valid.empty() || valid[i]) counting.push_back(i);
    return counting;
}
/// No mask, all there, none there, every other, the first, the last, the middle masked, and a random one.
std::vector<std::vector<std::uint8_t>> masks(rv::random& draw, std::size_t rows) {
    std::vector<std::vector<std::uint8_t>> all(8, std::vector<std::uint8_t>(rows, 1));
    all[0].clear();
    std::fill(all[2].begin(), all[2].end(), std::uint8_t(0));
    for (std::size_t i = 0; i < rows; ++i) {
        all[3][i] = i % 2;
        all[4][i] = i > 0;
        all[5][i] = i + 1 < rows;
        all[6][i] = i != rows / 2;
        all[7][i] = draw.unit() < 0.7 ? 200 : 0;
    }
    return all;
}

template <class T> rv::given<recent, T> masked(const std::vector<T>& numbers, const std::vector<std::uint8_t>& valid) {
    auto view = rv::with<recent>(numbers);
    if (!valid.empty()) {
        view.valid = valid.data();
        view.valid_size = valid.size();
    }
    return view;
}

template <class Feature, std::size_t Width, class T> void check_projection(std::uint64_t seed) {
    using keys_of = rv::detail::sequence_keys<Feature, Width>;
    rv::random draw(seed);
    std::vector<T> w(keys_of::weights, T(0));
    rv::detail::start_dense(w.data(), in, Width, draw);
    REQUIRE(test::padding_is_zero(w.data(), in, Width));
    const auto kept = std::make_unique<typename keys_of::template keys<T>>();
    for (const std::size_t rows : {0u, 1u, 2u, 3u, 15u, 16u, 17u, 19u, 20u, 21u, 33u})
        for (const auto& valid : masks(draw, rows)) {
            auto numbers = test::guarded_rows<T>(rows, in).fill(draw);
            const auto counting = counting_rows(rows, Feature::length, valid);
            for (std::size_t i = 0; i < rows; ++i)  // what does not count may hold anything
                if (!std::count(counting.begin(), counting.end(), i)) std::fill_n(numbers[i], in, std::numeric_limits<T>::quiet_NaN());
            auto view = rv::with<Feature>(static_cast<const T*>(numbers[0]), rows * in);
            if (!valid.empty()) {
                view.valid = valid.data();
                view.valid_size = valid.size();
            }
            keys_of::project(w.data(), view, *kept);
            REQUIRE(kept->count == counting.size());
            for (std::size_t j = 0; j < Width; ++j) {
                for (std::size_t t = 0; t < counting.size(); ++t) {
                    double key = 0;
                    for (std::size_t i = 0; i < in; ++i)
                        key += static_cast<double>(numbers[counting[t]][i]) * static_cast<double>(w[i * rv::padded(Width) + j]);
                    REQUIRE(within(static_cast<double>(kept->column(j)[t]), key, test::tolerance::sum<T>(in, 4)));
                }
                for (std::size_t t = kept->count; t < rv::padded(kept->count); ++t) REQUIRE(kept->column(j)[t] == 0);
            }
            REQUIRE(numbers.intact());
        }
}

}  // namespace

TEST_CASE_TEMPLATE("keys are products with the last rows that are there, in order, whatever the others hold", T, float, double) {
    check_projection<recent, 1, T>(1);
    check_projection<recent, 6, T>(2);
    check_projection<recent, 16, T>(3);
    check_projection<recent, 33, T>(4);
    check_projection<newest, 6, T>(5);
}

TEST_CASE("runs of rows that are there are handed on whole, with how many came before") {
    using run = std::vector<std::size_t>;  // first row, rows, before
    const std::vector<float> numbers(25 * in, 1.0f);
    const auto runs = [&](const std::vector<std::uint8_t>& valid, std::size_t rows) {
        auto view = masked(numbers, valid);
        view.size = rows * in;
        std::vector<run> all;
        rv::detail::each_run(view, [&](rv::rows<const float> moments, std::size_t at) {
            all.push_back({static_cast<std::size_t>(moments.data - numbers.data()) / in, moments.count, at});
        });
        return all;
    };
    CHECK(runs({}, 0).empty());
    CHECK(runs({}, 3) == std::vector<run>{{0, 3, 0}});
    CHECK(runs({}, 25) == std::vector<run>{{5, 20, 0}});
    CHECK(runs({0, 0, 0}, 3).empty());
    CHECK(runs({1, 0, 1}, 3) == std::vector<run>{{0, 1, 0}, {2, 1, 1}});
    CHECK(runs({0, 1, 1, 0, 0, 1, 1, 1, 0}, 9) == std::vector<run>{{1, 2, 0}, {5, 3, 2}});
}

TEST_CASE("the slope of the projection equals central differences, and masked rows have none") {
    constexpr std::size_t width = 7;
    using keys_of = rv::detail::sequence_keys<recent, width>;
    rv::random draw(1);
    std::vector<double> w(keys_of::weights, 0);
    rv::detail::start_dense(w.data(), in, width, draw);
    for (const std::size_t rows : {0u, 1u, 4u, 19u, 26u})
        for (const auto& valid : masks(draw, rows)) {
            const auto numbers = test::numbers<double>(draw, rows * in);
            const auto view = masked(numbers, valid);
            keys_of::keys<double> kept, slope;
            keys_of::project(w.data(), view, kept);
            slope.clear(kept.count);
            for (std::size_t t = 0; t < kept.count; ++t)
                for (std::size_t j = 0; j < width; ++j) {
                    REQUIRE(slope.column(j)[t] == 0);
                    slope.column(j)[t] = draw.around_zero(1);
                }
            std::vector<double> g(keys_of::weights, 0);
            keys_of::backward(view, slope, g.data());
            CHECK(test::padding_is_zero(g.data(), in, width));
            const auto objective = [&] {
                keys_of::project(w.data(), view, kept);
                double sum = 0;
                for (std::size_t t = 0; t < kept.count; ++t)
                    for (std::size_t j = 0; j < width; ++j) sum += slope.column(j)[t] * kept.column(j)[t];
                return sum;
            };
            for (std::size_t i = 0; i < in; ++i) {
                const std::size_t row = i * rv::padded(width);
                REQUIRE(test::worst_slope(std::span(w).subspan(row, width), std::span<const double>(g).subspan(row, width), objective) <
                        test::tolerance::central_difference);
            }
        }
}

TEST_CASE("shares of some of the columns, and their slopes for query and keys, equal formula and central differences") {
    constexpr std::size_t width = 12;
    using keys_of = rv::detail::sequence_keys<recent, width>;
    rv::random draw(2);
    for (const std::size_t count : {0u, 1u, 2u, 9u, 16u, 20u})
        for (const std::size_t first : {0u, 3u, 8u})
            for (const std::size_t depth : {1u, 4u}) {
                CAPTURE(count);
                CAPTURE(first);
                CAPTURE(depth);
                keys_of::keys<double> kept, slope;
                kept.clear(count);
                slope.clear(count);
                for (std::size_t j = 0; j < width; ++j)
                    for (std::size_t t = 0; t < count; ++t) kept.column(j)[t] = draw.around_zero(2);
                auto query = test::numbers<double>(draw, depth, 2);
                const auto d_share = test::numbers<double>(draw, count);
                std::vector<double> shares(rv::padded(count), -1);
                const auto objective = [&] {
                    keys_of::share(kept, rv::rows<const double>{query.data(), 1, depth}, first, depth,
                                   rv::rows<double>{shares.data(), 1, shares.size()});
                    double sum = 0;
                    for (std::size_t t = 0; t < count; ++t) sum += shares[t] * d_share[t];
                    return sum;
                };
                objective();
                double total = 0;
                std::vector<double> expected(count);
                for (std::size_t t = 0; t < count; ++t) {
                    double logit = 0;
                    for (std::size_t i = 0; i < depth; ++i) logit += query[i] * kept.column(first + i)[t];
                    total += expected[t] = std::exp(logit / std::sqrt(static_cast<double>(depth)));
                }
                for (std::size_t t = 0; t < count; ++t)
                    REQUIRE(within(shares[t], expected[t] / total, test::tolerance::softmax<double>(count, 16)));
                for (std::size_t t = count; t < shares.size(); ++t) REQUIRE(shares[t] == 0);

                auto share_slopes = d_share;
                std::vector<double> query_slope(depth, 0.0);
                const auto at_query = shares;  // central differences overwrite `shares`
                keys_of::share_backward(kept, query.data(), first, depth, at_query.data(), share_slopes.data(), query_slope.data(), slope);
                CHECK(test::worst_slope(query, query_slope, objective) < test::tolerance::central_difference);
                for (std::size_t j = 0; j < width; ++j)
                    CHECK(test::worst_slope({kept.column(j), count}, {slope.column(j), count}, objective) <
                          test::tolerance::central_difference);
            }
}

TEST_CASE("a worked example: the last two rows of three, of which one is masked, times 2") {
    struct one : rv::context_sequence<1, 2> {};
    using keys_of = rv::detail::sequence_keys<one, 1>;
    static_assert(keys_of::weights == 1);
    const float w[] = {2}, rows[] = {5, 6, 7};
    const std::uint8_t valid[] = {1, 0, 1};
    keys_of::keys<float> kept;
    keys_of::project(w, rv::with<one>(rows), kept);
    CHECK(kept.count == 2);  // 6 and 7
    CHECK(kept.column(0)[0] == 12);
    CHECK(kept.column(0)[1] == 14);
    keys_of::project(w, rv::with<one>(rows, valid), kept);
    CHECK(kept.count == 1);
    CHECK(kept.column(0)[0] == 14);
}
