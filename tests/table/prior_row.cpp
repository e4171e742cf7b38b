// SPDX-License-Identifier: MIT
// Where a new row starts: the prior row and a little noise that depends on the id alone.
#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include <rivulet/table/prior_row.hpp>

namespace rv = rivulet;

TEST_CASE_TEMPLATE("a row starts within the spread of its prior, the same for the same id, another for another", T, float, double) {
    const std::array<T, 4> prior{T(1), T(-2), T(3), T(0)};
    double sum = 0, squares = 0;
    for (rv::item_id id = 0; id < 1000; ++id) {
        std::array<T, 4> row, again, next, plain;
        rv::detail::start_row(row.data(), prior.data(), 4, 0.5f, id, 0);
        rv::detail::start_row(again.data(), prior.data(), 4, 0.5f, id, 0);
        rv::detail::start_row(next.data(), prior.data(), 4, 0.5f, id + 1, 0);
        rv::detail::start_row(plain.data(), static_cast<const T*>(nullptr), 4, 0.5f, id, 0);
        CHECK(row == again);
        CHECK(row != next);
        rv::detail::start_row(next.data(), prior.data(), 4, 0.5f, id, 1);
        CHECK(row != next);  // nor is it another seed's
        for (std::size_t i = 0; i < 4; ++i) {
            const double noise = static_cast<double>(plain[i]);
            CHECK(std::abs(noise) <= 0.5);
            CHECK(row[i] == prior[i] + plain[i]);
            sum += noise;
            squares += noise * noise;
        }
    }
    // Uniform in +-0.5: mean 0 +- 1 / sqrt(12 * 4000) = 0.0046, mean square 1/12 +- 0.0012; five of these.
    CHECK(std::abs(sum / 4000) < 0.023);
    CHECK(std::abs(squares / 4000 - 1.0 / 12) < 0.006);
    std::array<T, 4> same;
    rv::detail::start_row(same.data(), prior.data(), 4, 0.0f, 7, 0);
    CHECK(same == prior);
}
