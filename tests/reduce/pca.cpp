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

#include <rivulet/rivulet.hpp>

#include "../golden/reduce.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

constexpr std::size_t in = 20, kept = 4, n = 300;
struct title : rv::candidate<in> {};
struct small : rv::candidate<2> {};
struct golden_feature : rv::candidate<golden::width> {};
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
    CHECK(rv::pca<small, 1>::weights == 2 + 2 * 1 + 1 + 1);  // one output is not padded
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

// ---- against scikit-learn

namespace {

using golden_pca = rv::pca<golden_feature, golden::kept>;

template <class T> test::guarded_rows<T> golden_rows() {
    test::guarded_rows<T> data(golden::rows, golden::width);
    for (std::size_t r = 0; r < golden::rows; ++r)
        for (std::size_t i = 0; i < golden::width; ++i) data[r][i] = static_cast<T>(golden::data[r][i]);
    return data;
}
/// Shards of 1, 16 and 13 rows, the first fed last.
template <class T> rv::moments<golden_feature, T> golden_shards(const test::guarded_rows<T>& data) {
    rv::moments<golden_feature, T> shards[3];
    const std::size_t cut[] = {0, 1, 17, 30};
    for (std::size_t s = 0; s < 3; ++s)
        for (std::size_t r = cut[s]; r < cut[s + 1]; ++r) REQUIRE(shards[s].add(rv::with<golden_feature>(data[r], golden::width)));
    shards[2].merge(shards[0]);
    shards[2].merge(shards[1]);
    return shards[2];
}

// Neighbouring variances lie at least 0.12 apart in a norm of 20 (of the first three, 1.8): an error of the covariance is divided by that.
// Float products lie within scatter() of the covariance; a fit from rows makes them in double.
template <class T> constexpr double golden_tolerance = 20 / 1.8 * test::tolerance::scatter<T>(golden::rows);

template <class T> void agrees_with_scikit(const golden_pca& stage, const std::vector<T>& w, const test::guarded_rows<T>& data) {
    double worst_basis = 0, worst_variance = 0, worst_reduced = 0, worst_restored = 0;
    const auto deviation = [&](std::size_t k) { return stage.whiten ? std::sqrt(golden::explained_variance[k]) : 1; };
    const auto lies = [](double& worst, double got, double expected, double scale) {
        worst = std::max(worst, std::abs(got - expected) / scale);
        return within(got, expected, golden_tolerance<T> * scale);
    };
    for (std::size_t k = 0; k < golden::kept; ++k) {
        const double variance = golden::explained_variance[k];
        REQUIRE(lies(worst_variance, static_cast<double>(stage.explained_variance(w.data())[k]), variance, variance));
        REQUIRE(
            lies(worst_variance, static_cast<double>(stage.explained_variance_ratio(w.data())[k]), golden::explained_variance_ratio[k], 1));
        for (std::size_t i = 0; i < golden::width; ++i)
            REQUIRE(lies(worst_basis, static_cast<double>(w[golden::width + i * rv::padded(golden::kept) + k]) * deviation(k),
                         golden::components[k][i], 1));
    }
    test::guarded_rows<T> out(golden::rows, golden::kept, golden::kept + 1), back(golden::rows, golden::width, golden::width + 2);
    stage.transform(w.data(), data.view(), out.view());
    stage.inverse_transform(w.data(), std::as_const(out).view(), back.view());
    CHECK(out.intact());
    CHECK(back.intact());
    const auto& expected = stage.whiten ? golden::whitened : golden::reduced;
    for (std::size_t r = 0; r < golden::rows; ++r) {
        for (std::size_t k = 0; k < golden::kept; ++k) REQUIRE(lies(worst_reduced, static_cast<double>(out[r][k]), expected[r][k], 10));
        // The mean, up to 1000, is added last: its own rounding and that of the sum.
        for (std::size_t i = 0; i < golden::width; ++i) {
            worst_restored = std::max(worst_restored, std::abs(static_cast<double>(back[r][i]) - golden::restored[r][i]));
            REQUIRE(within(static_cast<double>(back[r][i]), golden::restored[r][i],
                           golden_tolerance<T> * 10 + test::tolerance::rounding<T>(std::abs(golden::mean[i]))));
        }
    }
    MESSAGE("largest errors: directions " << worst_basis << ", relative variance " << worst_variance << ", outputs / 10 " << worst_reduced
                                          << ", restored " << worst_restored);
}

}  // namespace

TEST_CASE_TEMPLATE("directions, variances, outputs, whitened ones and the way back are scikit-learn's", T, float, double) {
    const auto data = golden_rows<T>();
    for (const bool whiten : {false, true}) {
        const golden_pca stage{.whiten = whiten};
        std::vector<T> w(golden_pca::weights), from_shards = w;
        stage.fit(w.data(), data.view());
        agrees_with_scikit(stage, w, data);
        stage.fit(from_shards.data(), golden_shards(data));
        agrees_with_scikit(stage, from_shards, data);
    }
}

TEST_CASE_TEMPLATE("from a stream all directions and variances are IncrementalPCA's, where that is exact", T, float, double) {
    using all = rv::pca<golden_feature, golden::width>;
    std::vector<T> w(all::weights);
    all{}.fit(w.data(), golden_shards(golden_rows<T>()));
    double worst = 0;
    for (std::size_t k = 0; k < golden::width; ++k) {
        const double variance = golden::incremental_variance[k], scale = golden::incremental_variance[0];
        REQUIRE(within(static_cast<double>(all{}.explained_variance(w.data())[k]), variance, scale * test::tolerance::scatter<T>(30)));
        for (std::size_t i = 0; i < golden::width; ++i) {
            const double got = static_cast<double>(w[golden::width + i * rv::padded(golden::width) + k]);
            worst = std::max(worst, std::abs(got - golden::incremental_components[k][i]));
            REQUIRE(within(got, golden::incremental_components[k][i], 20 / 0.12 * test::tolerance::scatter<T>(30)));
        }
    }
    MESSAGE("largest difference of a direction: " << worst);
}

// ---- whitening, and bases from estimators

TEST_CASE_TEMPLATE("whitened outputs are uncorrelated and have variance 1, and the way back is that of the unwhitened", T, float, double) {
    const auto data = planted<T>(20, 0.2, 100);
    const text plain{}, white{.whiten = true};
    std::vector<T> w(text::weights), v(text::weights);
    plain.fit(w.data(), data.view());
    white.fit(v.data(), data.view());
    test::guarded_rows<T> z(n, kept), y(n, kept), back(n, in), other(n, in);
    white.transform(v.data(), data.view(), z.view());
    plain.transform(w.data(), data.view(), y.view());
    white.inverse_transform(v.data(), std::as_const(z).view(), back.view());
    plain.inverse_transform(w.data(), std::as_const(y).view(), other.view());
    for (std::size_t j = 0; j < kept; ++j)
        for (std::size_t k = 0; k <= j; ++k) {
            double moment = 0;
            for (std::size_t r = 0; r < n; ++r) moment += static_cast<double>(z[r][j]) * static_cast<double>(z[r][k]) / (n - 1);
            CHECK(within(moment, j == k ? 1 : 0, 100 * test::tolerance::sum<T>(in, 1)));  // centred at 100, where T is 100 times coarser
        }
    for (std::size_t r = 0; r < n; ++r)
        for (std::size_t i = 0; i < in; ++i)
            REQUIRE(within(static_cast<double>(back[r][i]), static_cast<double>(other[r][i]), test::tolerance::sum<T>(in, 130)));
    CHECK(test::padding_is_zero(v.data() + in, in, kept));
}

TEST_CASE_TEMPLATE("directions without variance are whitened by the floor: nothing that is not finite, no noise made a feature", T, float,
                   double) {
    const auto exact = planted<T>(21, 0);  // four directions
    using more = rv::pca<title, 6>;
    std::vector<T> w(more::weights);
    for (const bool from_stream : {false, true}) {
        if (from_stream) {
            rv::moments<title, T> seen;
            for (std::size_t r = 0; r < n; ++r) REQUIRE(seen.add(rv::with<title>(exact[r], in)));
            more{.whiten = true}.fit(w.data(), seen);
        } else
            more{.whiten = true}.fit(w.data(), exact.view());
        CHECK(rv::math::first_nonfinite(w.data(), w.size()) == w.size());
        for (const T variance : more{}.explained_variance(w.data())) CHECK(variance >= 0);
        for (std::size_t r = 0; r < n; ++r) {
            T out[6];
            more{.whiten = true}.forward(w.data(), rv::item(rv::with<title>(exact[r], in)), out);
            for (std::size_t k = 4; k < 6; ++k) REQUIRE(within(static_cast<double>(out[k]), 0, 0.05));
        }
    }
    const auto alike = test::guarded_rows<T>(n, in).fill(T(0.1));
    more{.whiten = true}.fit(w.data(), alike.view());
    CHECK(rv::math::first_nonfinite(w.data(), w.size()) == w.size());
    T out[6];
    more{.whiten = true}.forward(w.data(), rv::item(rv::with<title>(alike[0], in)), out);
    for (const T z : out) CHECK(z == 0);
    for (const T share : more{}.explained_variance_ratio(w.data())) CHECK(share == 0);
}

TEST_CASE_TEMPLATE("whitened outputs under an old basis follow from those under a new one, from rows or a stream", T, float, double) {
    rv::random draw(22);
    const auto axes = directions(draw, kept);
    test::guarded_rows<T> data(n, in);
    for (std::size_t r = 0; r < n; ++r)
        for (std::size_t k = 0; k < kept; ++k) {
            const double along = r < n / 2 ? draw.around_zero(spread[k]) : 3 + draw.around_zero(spread[(k + 1) % kept]);
            for (std::size_t i = 0; i < in; ++i)
                data[r][i] = static_cast<T>((k ? static_cast<double>(data[r][i]) : 0) + along * axes[k * in + i]);
        }
    const text stage{.whiten = true};
    std::vector<T> before(text::weights), after(text::weights);
    stage.fit(before.data(), std::as_const(data).view().from(0, n / 2));
    rv::moments<title, T> seen;
    for (std::size_t r = n / 2; r < n; ++r) REQUIRE(seen.add(rv::with<title>(data[r], in)));
    stage.fit(after.data(), seen);
    T m[kept * kept], c[kept];
    stage.change_of_basis(before.data(), after.data(), m, c);
    double farthest = 0;
    for (std::size_t r = 0; r < n; ++r) {
        const auto old = reduced(before, data[r]), fresh = reduced(after, data[r]);
        for (std::size_t k = 0; k < kept; ++k) {
            double from_fresh = static_cast<double>(c[k]);
            for (std::size_t j = 0; j < kept; ++j) from_fresh += fresh[j] * static_cast<double>(m[j * kept + k]);
            // Old outputs are divided by a deviation down to 0.5; a basis from float products spans the plane to a few u of its own.
            REQUIRE(within(from_fresh, old[k], test::tolerance::sum<T>(3 * in, 30) / 0.5 + 30 * test::tolerance::scatter<T>(n)));
            farthest = std::max(farthest, std::abs(fresh[k] - old[k]));
        }
    }
    CHECK(farthest > 1);
}

TEST_CASE_TEMPLATE("an estimator's basis is the one of its rows", T, float, double) {
    const auto data = planted<T>(23, 0.2, 1e4);
    rv::moments<title, T> seen;
    for (std::size_t r = 0; r < n; ++r) REQUIRE(seen.add(rv::with<title>(data[r], in)));
    std::vector<T> w(text::weights, T(0));
    text{}.fit(w.data(), seen);
    const auto expected = fitted(data);
    for (std::size_t i = 0; i < in; ++i) {
        REQUIRE(w[i] == expected[i]);
        for (std::size_t k = 0; k < kept; ++k) REQUIRE(within(basis(w, i, k), basis(expected, i, k), 64 * test::tolerance::scatter<T>(n)));
    }
    CHECK(test::padding_is_zero(w.data() + in, in, kept));
    const auto before = w;
    CHECK_THROWS_WITH_AS(text{}.fit(w.data(), rv::moments<title, T>()), "pca: expected at least 2 rows to fit, got 0", rv::error);
    CHECK(w == before);
}

TEST_CASE("settings say whether it whitens, and a floor outside its range is refused") {
    CHECK(text{}.settings() == "whiten=false");
    CHECK(text{.whiten = true}.settings() == "whiten=true floor=1e-06");
    CHECK(text{.whiten = true, .floor = 0.5}.settings() == "whiten=true floor=0.5");
    CHECK(text{}.validate());
    for (const double floor : {0.0, 1.0, -1.0, std::numeric_limits<double>::quiet_NaN()})
        CHECK(text{.floor = floor}.validate().code == rv::errc::setting);
}

namespace {

struct shopper : rv::context<4> {};
struct headline : rv::candidate<7> {};
struct price : rv::candidate<2> {};

}  // namespace

TEST_CASE("a pipeline that has learned keeps its scores when a whitened basis and a scale are fitted anew, from rows or a stream") {
    using fused = rv::fuse<rv::random_projection<shopper, 3>, rv::pca<headline, 3>, rv::standardise<price>>;
    rv::basic_pipeline<double, fused, rv::mlp<16>, rv::sgd> ranker(fused({}, {.whiten = true}, {.clip = 50}), {}, rv::sgd{.rate = 0.05f});
    // Items in a plane of three directions, so that every basis of three spans them all.
    constexpr std::size_t count = 40;
    rv::random draw(30);
    const auto plane = test::numbers<double>(draw, 3 * 7), visits = test::numbers<double>(draw, 4 * count);
    std::vector<double> lines(7 * count), prices(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto at = test::numbers<double>(draw, 3);
        for (std::size_t k = 0; k < 7; ++k) lines[7 * i + k] = 0.5 + at[0] * plane[k] + at[1] * plane[7 + k] + at[2] * plane[14 + k];
        prices[2 * i] = 20 + draw.around_zero(5);
        prices[2 * i + 1] = draw.around_zero(0.01);
    }
    const auto visit = [&](std::size_t i) { return rv::request(rv::with<shopper>(visits.data() + 4 * i, 4)); };
    const auto item = [&](std::size_t i) {
        return rv::item(rv::with<headline>(lines.data() + 7 * i, 7), rv::with<price>(prices.data() + 2 * i, 2));
    };
    const auto learn = [&] {
        for (std::size_t i = 0; i < count; ++i) REQUIRE(ranker.learn(visit(i), item(i), i % 2 ? rv::click : rv::skip));
    };
    const auto scores = [&] {
        std::vector<double> all;
        for (std::size_t i = 0; i < count; ++i) all.push_back(static_cast<double>(ranker.score(visit(i), item(i)).score));
        return all;
    };
    const auto stands = [&](const std::vector<double>& before) {
        const auto after = scores();
        for (std::size_t i = 0; i < count; ++i) CHECK(after[i] == doctest::Approx(before[i]).epsilon(1e-6));  // a score is a float
    };
    using plan = decltype(ranker)::plan;
    const auto projection_now = [&] { return ranker.weights().subspan(plan::at.request[0], 4 * 16); };
    const std::vector<double> projection(projection_now().begin(), projection_now().end());
    ranker.fit(rv::with<headline>(lines));
    ranker.fit(rv::with<price>(prices));
    learn();
    const auto before = scores();
    ranker.fit(rv::with<headline>(lines.data(), 7 * count / 2));
    ranker.fit(rv::with<price>(prices.data(), 2 * count / 2));
    stands(before);
    learn();
    const auto later = scores();
    CHECK(later != before);
    const std::vector<double> old(ranker.weights().begin(), ranker.weights().end());
    rv::moments<headline, double> seen;
    rv::scales<price, double> ranges;
    for (std::size_t i = 10; i < count; ++i) {
        REQUIRE(seen.add(rv::with<headline>(lines.data() + 7 * i, 7)));
        REQUIRE(ranges.add(rv::with<price>(prices.data() + 2 * i, 2)));
    }
    ranker.fit(seen);
    ranker.fit(ranges);
    CHECK_FALSE(std::equal(old.begin(), old.end(), ranker.weights().begin()));
    stands(later);
    CHECK(std::equal(projection.begin(), projection.end(), projection_now().begin()));  // drawn once, never learned
}
