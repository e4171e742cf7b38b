// SPDX-License-Identifier: MIT
// PCA: what it keeps of planted data, against a singular value decomposition, near and far from the origin, fitted once and again.
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/SVD>

#include <rivulet/input/record.hpp>
#include <rivulet/reduce/pca.hpp>

#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

constexpr std::size_t in = 20, kept = 4, n = 300;
struct title : rv::candidate<in> {};
struct small : rv::candidate<2> {};
using text = rv::pca<title, kept>;

constexpr double spread[kept] = {8, 4, 2, 1};  // standard deviations along the planted directions

/// Orthonormal rows by Gram and Schmidt.
std::vector<double> directions(rv::random& draw, std::size_t count) {
    std::vector<double> rows(count * in);
    for (std::size_t k = 0; k < count; ++k) {
        double* const v = rows.data() + k * in;
        for (std::size_t i = 0; i < in; ++i) v[i] = draw.around_zero(1);
        for (int twice = 0; twice < 2; ++twice)
            for (std::size_t other = 0; other < k; ++other) {
                double share = 0;
                for (std::size_t i = 0; i < in; ++i) share += v[i] * rows[other * in + i];
                for (std::size_t i = 0; i < in; ++i) v[i] -= share * rows[other * in + i];
            }
        double length = 0;
        for (std::size_t i = 0; i < in; ++i) length += v[i] * v[i];
        for (std::size_t i = 0; i < in; ++i) v[i] /= std::sqrt(length);
    }
    return rows;
}

/// Rows that vary along planted directions, plus noise in every direction, around `centre`.
template <class T> test::guarded_rows<T> planted(std::uint64_t seed, double noise, double centre = 0) {
    rv::random draw(seed);
    const auto axes = directions(draw, kept);
    test::guarded_rows<T> data(n, in, in + 3);
    for (std::size_t r = 0; r < n; ++r) {
        std::vector<double> row(in, centre);
        for (std::size_t k = 0; k < kept; ++k) {
            const double along = draw.around_zero(spread[k] * std::sqrt(3.0));
            for (std::size_t i = 0; i < in; ++i) row[i] += along * axes[k * in + i];
        }
        for (std::size_t i = 0; i < in; ++i) data[r][i] = static_cast<T>(row[i] + draw.around_zero(noise));
    }
    return data;
}

template <class T> std::vector<T> fitted(const test::guarded_rows<T>& data) {
    std::vector<T> w(text::weights, T(0));
    text{}.fit(w.data(), data.view());
    return w;
}
template <class T> double basis(const std::vector<T>& w, std::size_t i, std::size_t k) {
    return static_cast<double>(w[in + i * rv::padded(kept) + k]);
}
template <class T> std::vector<double> reduced(const std::vector<T>& w, const T* x) {
    T out[kept];
    text{}.forward(w.data(), rv::item(rv::with<title>(x, in)), out);
    return {out, out + kept};
}
/// The sum over rows of |x - mean|^2, and of the part of it that the outputs hold.
template <class T> std::pair<double, double> variance(const std::vector<T>& w, const test::guarded_rows<T>& data) {
    double total = 0, held = 0;
    for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t i = 0; i < in; ++i) total += std::pow(static_cast<double>(data[r][i]) - static_cast<double>(w[i]), 2);
        for (const double z : reduced(w, data[r])) held += z * z;
    }
    return {total, held};
}

/// Right singular vectors of the centred rows: another way to the same directions.
template <class T> Eigen::MatrixXd singular_vectors(const test::guarded_rows<T>& data) {
    Eigen::MatrixXd x(n, in);
    for (std::size_t r = 0; r < n; ++r)
        for (std::size_t i = 0; i < in; ++i)
            x(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(i)) = static_cast<double>(data[r][i]);
    x.rowwise() -= x.colwise().mean().eval();
    return Eigen::JacobiSVD<Eigen::MatrixXd>(x, Eigen::ComputeThinV).matrixV();
}
template <class T> void agrees_with_singular_vectors(const test::guarded_rows<T>& data, double tolerance) {
    const auto w = fitted(data);
    const Eigen::MatrixXd v = singular_vectors(data);
    for (std::size_t k = 0; k < kept; ++k) {
        double cosine = 0;
        for (std::size_t i = 0; i < in; ++i) cosine += basis(w, i, k) * v(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k));
        for (std::size_t i = 0; i < in; ++i)
            REQUIRE(
                within(basis(w, i, k), (cosine > 0 ? 1 : -1) * v(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)), tolerance));
    }
}

// The gap between neighbouring eigenvalues is at least 1 of a norm of 64, which divides what eigen() allows for a residual.
template <class T> constexpr double direction_tolerance = test::tolerance::eigen<T>(in, 64) + test::tolerance::eigen<double>(in, 64);

}  // namespace

TEST_CASE_TEMPLATE("data of as many directions as are kept loses nothing, and with noise only the noise", T, float, double) {
    const auto exact = planted<T>(1, 0);
    const auto [total, held] = variance(fitted(exact), exact);
    CHECK(held / total > 1 - test::tolerance::sum<T>(2 * in, 1));
    CHECK(held / total < 1 + test::tolerance::sum<T>(2 * in, 1));
    const auto noisy = planted<T>(2, 0.1);
    const auto [all, seen] = variance(fitted(noisy), noisy);
    const double lost = (in - kept) * 0.1 * 0.1 / 3 * n;  // the variance of the noise in the other directions
    CHECK(within(all - seen, lost, 0.1 * lost));
}

TEST_CASE_TEMPLATE("the outputs are uncorrelated, centred, and their variances are the largest there are, in order", T, float, double) {
    const auto data = planted<T>(3, 0.05);
    const auto w = fitted(data);
    double mean[kept] = {}, moment[kept][kept] = {};
    for (std::size_t r = 0; r < n; ++r) {
        const auto z = reduced(w, data[r]);
        for (std::size_t j = 0; j < kept; ++j) {
            mean[j] += z[j] / n;
            for (std::size_t k = 0; k < kept; ++k) moment[j][k] += z[j] * z[k] / (n - 1);
        }
    }
    for (std::size_t j = 0; j < kept; ++j) {
        CHECK(within(mean[j], 0, test::tolerance::sum<T>(in, 64)));
        CHECK(within(std::sqrt(moment[j][j]), spread[j], 0.15 * spread[j]));  // a sample of 300
        for (std::size_t k = 0; k < j; ++k) CHECK(within(moment[j][k], 0, test::tolerance::sum<T>(in, 64)));
    }
}

TEST_CASE_TEMPLATE("the basis is orthonormal, its padding zero, and each direction's largest entry positive", T, float, double) {
    const auto w = fitted(planted<T>(4, 0.3));
    for (std::size_t j = 0; j < kept; ++j) {
        for (std::size_t k = 0; k < kept; ++k) {
            double product = 0;
            for (std::size_t i = 0; i < in; ++i) product += basis(w, i, j) * basis(w, i, k);
            CHECK(within(product, j == k ? 1 : 0, test::tolerance::sum<T>(in, 1)));
        }
        double largest = 0;
        for (std::size_t i = 0; i < in; ++i)
            if (std::abs(basis(w, i, j)) > std::abs(largest)) largest = basis(w, i, j);
        CHECK(largest > 0);
    }
    CHECK(test::padding_is_zero(w.data() + in, in, kept));
}

TEST_CASE_TEMPLATE("the directions are the right singular vectors of the centred rows", T, float, double) {
    agrees_with_singular_vectors(planted<T>(5, 0.2), direction_tolerance<T>);
    agrees_with_singular_vectors(planted<T>(6, 0.2, 5), direction_tolerance<T>);
}

TEST_CASE_TEMPLATE("rows far from the origin have the directions of what was measured, and outputs around zero", T, float, double) {
    // At 1e6 a float is a multiple of 1/16. The rows are rounded before the fit, and the fit sees exactly what the decomposition sees.
    const auto data = planted<T>(7, 0.2, 1e6);
    agrees_with_singular_vectors(data, direction_tolerance<T> + 1e-8);  // the reference's own mean carries 1e6 eps
    const auto w = fitted(data);
    for (std::size_t r = 0; r < n; ++r)
        for (const double z : reduced(w, data[r])) REQUIRE(std::abs(z) < 40);
}

TEST_CASE_TEMPLATE("the output is the centred row times the basis", T, float, double) {
    const auto data = planted<T>(8, 0.2, 3);
    const auto w = fitted(data);
    for (std::size_t r = 0; r < 20; ++r) {
        const auto z = reduced(w, data[r]);
        for (std::size_t k = 0; k < kept; ++k) {
            double expected = 0, magnitude = 0;
            for (std::size_t i = 0; i < in; ++i) {
                const double term = (static_cast<double>(data[r][i]) - static_cast<double>(w[i])) * basis(w, i, k);
                expected += term;
                magnitude += std::abs(term);
            }
            REQUIRE(within(z[k], expected, test::tolerance::sum<T>(in + 1, magnitude)));
        }
    }
}

TEST_CASE_TEMPLATE("many rows at once give what each gives alone, whatever their number and stride", T, float, double) {
    const auto data = planted<T>(9, 0.2, 3);
    const auto w = fitted(data);
    for (const std::size_t count : {0u, 1u, 2u, 5u, 6u, 7u, 12u, 13u}) {
        test::guarded_rows<T> out(count, kept, kept + 2);
        text{}.transform(w.data(), data.view().from(4, count), out.view());
        for (std::size_t r = 0; r < count; ++r) {
            const auto alone = reduced(w, data[4 + r]);
            for (std::size_t k = 0; k < kept; ++k)
                REQUIRE(within(static_cast<double>(out[r][k]), alone[k], test::tolerance::sum<T>(in, 20)));
        }
        CHECK(out.intact());
    }
}

TEST_CASE_TEMPLATE("fitting the same rows again gives the same bytes, and rows that changed a little a basis that did too", T, float,
                   double) {
    const auto data = planted<T>(10, 0.1);
    const auto w = fitted(data);
    std::vector<T> again = w;  // over an older fit, not over zeros
    text{}.fit(again.data(), data.view());
    CHECK(again == w);
    auto changed = data;
    rv::random draw(11);
    for (std::size_t r = 0; r < n; ++r)
        for (std::size_t i = 0; i < in; ++i) changed[r][i] += static_cast<T>(draw.around_zero(1e-3));
    const auto moved = fitted(changed);
    for (std::size_t k = 0; k < kept; ++k)
        for (std::size_t i = 0; i < in; ++i)
            REQUIRE(within(basis(moved, i, k), basis(w, i, k), 0.01));  // 1e-3 * spread / gap, no sign flipped
}

TEST_CASE_TEMPLATE("outputs under an old basis follow from those under a new one, exactly when both span the data", T, float, double) {
    // Rows within one plane of `kept` dimensions; the second half lies around another point of that plane and is spread otherwise.
    rv::random draw(12);
    const auto axes = directions(draw, kept);
    test::guarded_rows<T> data(n, in);
    for (std::size_t r = 0; r < n; ++r)
        for (std::size_t k = 0; k < kept; ++k) {
            const double along = r < n / 2 ? draw.around_zero(spread[k]) : 3 + draw.around_zero(spread[(k + 1) % kept]);
            for (std::size_t i = 0; i < in; ++i)
                data[r][i] = static_cast<T>((k ? static_cast<double>(data[r][i]) : 0) + along * axes[k * in + i]);
        }
    std::vector<T> before(text::weights, T(0)), after(text::weights, T(0));
    const auto all = std::as_const(data).view();
    text{}.fit(before.data(), all.from(0, n / 2));
    text{}.fit(after.data(), all.from(n / 2, n - n / 2));
    T m[kept * kept], c[kept];
    text{}.change_of_basis(before.data(), after.data(), m, c);
    double farthest = 0;
    for (std::size_t r = 0; r < n; ++r) {
        const auto old = reduced(before, data[r]), fresh = reduced(after, data[r]);
        for (std::size_t k = 0; k < kept; ++k) {
            double from_fresh = static_cast<double>(c[k]);
            for (std::size_t j = 0; j < kept; ++j) from_fresh += fresh[j] * static_cast<double>(m[j * kept + k]);
            REQUIRE(within(from_fresh, old[k], test::tolerance::sum<T>(3 * in, 30)));
            farthest = std::max(farthest, std::abs(fresh[k] - old[k]));
        }
    }
    CHECK(farthest > 1);  // or it would have shown nothing
}

TEST_CASE_TEMPLATE("a basis changes into itself by the identity", T, float, double) {
    const auto w = fitted(planted<T>(13, 0.1, 2));
    T m[kept * kept], c[kept];
    text{}.change_of_basis(w.data(), w.data(), m, c);
    for (std::size_t j = 0; j < kept; ++j) {
        CHECK(c[j] == 0);
        for (std::size_t k = 0; k < kept; ++k)
            CHECK(within(static_cast<double>(m[j * kept + k]), j == k ? 1 : 0, test::tolerance::sum<T>(in, 1)));
    }
}

TEST_CASE("fewer than two rows are refused in words, and the weights stay") {
    const auto data = planted<float>(14, 0.1);
    const std::vector<float> before = fitted(data);
    for (const std::size_t count : {0u, 1u}) {
        auto w = before;
        CHECK_THROWS_WITH_AS(text{}.fit(w.data(), data.view().from(0, count)),
                             ("pca: expected at least 2 rows to fit, got " + std::to_string(count)).c_str(), rv::error);
        CHECK(w == before);
    }
}

TEST_CASE("rows whose covariance is not finite are refused, and the weights stay") {
    auto data = planted<double>(15, 0.1);
    const auto before = fitted(data);
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1e200}) {
        auto spoilt = data;
        spoilt[3][5] = bad;
        auto w = before;
        CHECK_THROWS_AS(text{}.fit(w.data(), std::as_const(spoilt).view()), rv::error);
        CHECK(w == before);
    }
}

TEST_CASE_TEMPLATE("rows that are all alike fit: their output is zero and the weights are finite", T, float, double) {
    auto data = test::guarded_rows<T>(n, in, in + 3).fill(T(0.1));
    const auto w = fitted(data);
    CHECK(rv::math::first_nonfinite(w.data(), w.size()) == w.size());
    for (const double z : reduced(w, data[0])) CHECK(within(z, 0, test::tolerance::sum<T>(in, 1)));
}

TEST_CASE_TEMPLATE("fewer rows than directions fit: the basis is orthonormal still", T, float, double) {
    const auto data = planted<T>(16, 0.1);
    std::vector<T> w(text::weights, T(0));
    text{}.fit(w.data(), data.view().from(0, 2));
    for (std::size_t j = 0; j < kept; ++j)
        for (std::size_t k = 0; k < kept; ++k) {
            double product = 0;
            for (std::size_t i = 0; i < in; ++i) product += basis(w, i, j) * basis(w, i, k);
            CHECK(within(product, j == k ? 1 : 0, test::tolerance::sum<T>(in, 1)));
        }
}

TEST_CASE("a worked example: points on the line (1, 1) around (3, 1) are reduced to their place on it") {
    const float data[] = {2, 0, 3, 1, 4, 2};
    float w[rv::pca<small, 1>::weights], out = 0;
    rv::pca<small, 1>{}.fit(w, rv::rows<const float>{data, 3, 2});
    CHECK(w[0] == 3);
    CHECK(w[1] == 1);
    const float point[] = {5, 3};  // (2, 2) from the mean: 2 sqrt(2) along the line
    rv::pca<small, 1>{}.forward(w, rv::item(rv::with<small>(point)), &out);
    CHECK(within(static_cast<double>(out), 2 * std::sqrt(2.0), test::tolerance::rounding<float>(3)));
    CHECK(rv::pca<small, 1>::weights == 2 + 2 * 1);  // one output is not padded
}

TEST_CASE_TEMPLATE("until it is fitted it is a random projection that keeps the scale of its input", T, float, double) {
    std::vector<T> w(text::weights, T(0));
    rv::random seeded(17), draw(18);
    text{}.start(w.data(), seeded);
    CHECK(test::padding_is_zero(w.data() + in, in, kept));
    double squares = 0;
    for (int i = 0; i < 500; ++i) {
        const auto x = test::numbers<T>(draw, in, std::sqrt(3.0));  // variance 1
        for (const double z : reduced(w, x.data())) squares += z * z / (500 * kept);
    }
    CHECK(squares > 0.5);
    CHECK(squares < 2);
}
