// SPDX-License-Identifier: MIT
// Implicit ALS equals numpy's normal equations and the package implicit; folding in equals solving every pair written out.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include <Eigen/Dense>

#include <rivulet/core/hash.hpp>
#include <rivulet/factor/implicit_als.hpp>

#include "../golden/als.hpp"
#include "../random_data.hpp"
#include "../tolerance.hpp"

namespace rv = rivulet;
using test::within;

namespace {

template <class T> struct matrix {
    std::vector<std::size_t> offsets{0};
    std::vector<std::uint32_t> columns;
    std::vector<T> values;
    rv::sparse_rows<T> view() const { return {offsets, columns, values}; }
};

template <class T> matrix<T> golden_matrix() {
    matrix<T> made;
    made.offsets.assign(std::begin(golden::als::offsets), std::end(golden::als::offsets));
    made.columns.assign(std::begin(golden::als::columns), std::end(golden::als::columns));
    for (const double value : golden::als::values) made.values.push_back(static_cast<T>(value));
    return made;
}
template <class T> rv::implicit_als<golden::als::width, T> golden_model() {
    rv::implicit_als<golden::als::width, T> model(golden::als::items, {.confidence = golden::als::alpha, .l2 = golden::als::l2, .sweeps = golden::als::sweeps});
    std::vector<T> start;
    for (const auto& row : golden::als::start) start.insert(start.end(), std::begin(row), std::end(row));
    model.set_item_factors(start);
    return model;
}
template <class T, std::size_t N> void check_equal(rv::rows<const T> got, const double (&expected)[N][golden::als::width], double tolerance) {
    REQUIRE(got.count == N);
    for (std::size_t r = 0; r < N; ++r)
        for (std::size_t k = 0; k < golden::als::width; ++k) {
            CAPTURE(r);
            CHECK(within(static_cast<double>(got[r][k]), expected[r][k], tolerance));
        }
}

// Users of 1 to 40 items each, values a quarter apart.
template <class T> matrix<T> random_matrix(rv::random& draw, std::size_t users, std::size_t items) {
    matrix<T> made;
    for (std::size_t u = 0; u < users; ++u) {
        const std::size_t some = 1 + draw.below(40);
        for (std::uint32_t i = 0; i < items; ++i)
            if (draw.below(items) < some) made.columns.push_back(i), made.values.push_back(static_cast<T>(draw.below(9)) / T(4));
        made.offsets.push_back(made.columns.size());
    }
    return made;
}
template <class Model> std::uint64_t digest(const Model& model) {
    std::uint64_t hash = 0;
    model.parts([&](std::span<const std::byte> bytes) { hash = rv::hash(bytes, hash); });
    return hash;
}

// The largest relative distance of what fold_in gives from the normal equations over all pairs in double, by Eigen's QR.
template <std::size_t Width, class T> double distance_from_full_solve(std::uint64_t seed, float confidence, float l2) {
    rv::random draw(seed);
    constexpr std::size_t items = 150;
    rv::implicit_als<Width, T> model(items, {.confidence = confidence, .l2 = l2, .sweeps = 2});
    const auto taken = random_matrix<T>(draw, 60, items);
    model.fit(taken.view());
    Eigen::MatrixXd y(items, Width);
    for (std::size_t i = 0; i < items; ++i)
        for (std::size_t k = 0; k < Width; ++k) y(Eigen::Index(i), Eigen::Index(k)) = double(model.item_factors()[i][k]);
    double distance = 0;
    for (std::size_t u = 0; u < 60; ++u) {
        const auto row = taken.view().row(u);
        Eigen::VectorXd c = Eigen::VectorXd::Ones(items), p = Eigen::VectorXd::Zero(items);
        for (std::size_t e = 0; e < row.columns.size(); ++e) {
            c[row.columns[e]] = 1 + double(confidence) * double(row.values[e]);
            p[row.columns[e]] = row.values[e] > 0 ? 1 : 0;
        }
        const Eigen::MatrixXd a = y.transpose() * c.asDiagonal() * y + double(l2) * Eigen::MatrixXd::Identity(Width, Width);
        const Eigen::VectorXd expected = a.householderQr().solve(y.transpose() * c.cwiseProduct(p));
        T got[Width]{};
        REQUIRE(model.fold_in(row.columns, row.values, got));
        for (std::size_t k = 0; k < Width; ++k)
            distance = std::max(distance, std::abs(double(got[k]) - expected[Eigen::Index(k)]) / (1 + expected.norm()));
    }
    return distance;
}

}  // namespace

TEST_CASE("three sweeps from the same item factors equal numpy's and the package implicit's") {
    auto exact = golden_model<double>();
    const auto taken = golden_matrix<double>();
    exact.fit(taken.view());
    // Six solves, each of a condition of at most 1e3 that multiplies the error of the one before: far below this, in double.
    check_equal(exact.user_factors(), golden::als::user_factors, 1e-11);
    check_equal(exact.item_factors(), golden::als::item_factors, 1e-11);
    CHECK(within(exact.objective(taken.view()), golden::als::objective, 1e-10));

    auto model = golden_model<float>();
    model.fit(golden_matrix<float>().view());
    check_equal(model.user_factors(), golden::als::peer_user_factors, 1e-5);  // two computations in float, 2^29 times coarser than the above
    check_equal(model.item_factors(), golden::als::peer_item_factors, 1e-5);
}

TEST_CASE("a user who is folded in has the factors that another half sweep would give") {
    auto model = golden_model<double>();
    const auto taken = golden_matrix<double>();
    model.fit(taken.view());
    std::vector<double> folded(golden::als::users * golden::als::width);
    for (std::size_t u = 0; u < golden::als::users; ++u) {
        const auto row = taken.view().row(u);
        REQUIRE(model.fold_in(row.columns, row.values, std::span(folded).subspan(u * golden::als::width, golden::als::width)));
    }
    check_equal<double>({folded.data(), golden::als::users, golden::als::width}, golden::als::folded, 1e-11);

    std::vector<double> items;
    for (std::size_t i = 0; i < golden::als::items; ++i)
        items.insert(items.end(), model.item_factors()[i], model.item_factors()[i] + golden::als::width);
    rv::implicit_als<golden::als::width, double> next(golden::als::items, {.confidence = golden::als::alpha, .l2 = golden::als::l2, .sweeps = 1});
    next.set_item_factors(items);
    next.fit(taken.view());
    for (std::size_t u = 0; u < golden::als::users; ++u)
        for (std::size_t k = 0; k < golden::als::width; ++k) CHECK(next.user_factors()[u][k] == folded[u * golden::als::width + k]);
}

TEST_CASE("folding in equals the normal equations over all pairs, at every width and confidence") {
    // Errors are n u times a condition: of confidence 40 and a pull of 0.1 about 1e4, which 150 pairs in float make 1e-3 at worst.
    CHECK(distance_from_full_solve<1, double>(1, 40, 1) < 1e-12);
    CHECK(distance_from_full_solve<7, double>(2, 1, 0.1f) < 1e-12);
    CHECK(distance_from_full_solve<16, double>(3, 40, 1) < 1e-12);
    CHECK(distance_from_full_solve<17, double>(4, 40, 0.1f) < 1e-11);
    CHECK(distance_from_full_solve<64, double>(5, 40, 0.1f) < 1e-11);
    CHECK(distance_from_full_solve<1, float>(6, 40, 1) < 1e-4);
    CHECK(distance_from_full_solve<17, float>(7, 40, 1) < 1e-4);
    CHECK(distance_from_full_solve<33, float>(8, 0, 1) < 1e-4);
    CHECK(distance_from_full_solve<64, float>(9, 40, 0.1f) < 1e-3);
}

TEST_CASE("every sweep lowers the objective, and its value is the sum over all pairs") {
    rv::random draw(10);
    const auto taken = random_matrix<double>(draw, 40, 70);
    rv::implicit_als<8, double> model(70, {.confidence = 10, .l2 = 0.5f, .sweeps = 1});
    double last = std::numeric_limits<double>::infinity();
    for (int sweep = 0; sweep < 8; ++sweep) {
        model.fit(taken.view());
        const double now = model.objective(taken.view());
        CHECK(now < last);
        last = now;
    }
    double sum = 0;
    for (std::size_t u = 0; u < 40; ++u) {
        std::vector<double> r(70, 0.0);
        const auto row = taken.view().row(u);
        for (std::size_t e = 0; e < row.columns.size(); ++e) r[row.columns[e]] = row.values[e];
        for (std::size_t i = 0; i < 70; ++i)
            sum += (1 + 10 * r[i]) * std::pow((r[i] > 0 ? 1 : 0) - model.score({model.user_factors()[u], 8}, i), 2);
        for (std::size_t k = 0; k < 8; ++k) sum += 0.5 * std::pow(model.user_factors()[u][k], 2);
    }
    for (std::size_t i = 0; i < 70; ++i)
        for (std::size_t k = 0; k < 8; ++k) sum += 0.5 * std::pow(model.item_factors()[i][k], 2);
    CHECK(within(last, sum, 1e-12 * sum));
}

TEST_CASE("scores are products of factors; what nobody took scores 0; no values mean ones") {
    rv::implicit_als<6> model(5, {.confidence = 40, .l2 = 1, .sweeps = 3});
    const matrix<float> taken{{0, 2, 4, 5}, {0, 1, 1, 2, 0}, {}}, same{taken.offsets, taken.columns, std::vector<float>(5, 1.0f)};
    auto twin = model;
    model.fit(taken.view());
    twin.fit(same.view());
    CHECK(digest(model) == digest(twin));
    float user[6], scores[5];
    const std::uint32_t seen[]{0};
    REQUIRE(model.fold_in(seen, {}, user));
    REQUIRE(model.score(user, scores));
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(scores[i] == model.score(user, i));
        double product = 0;
        for (std::size_t k = 0; k < 6; ++k) product += double(user[k]) * double(model.item_factors()[i][k]);
        CHECK(within(double(scores[i]), product, test::tolerance::sum<float>(6, 1)));
    }
    CHECK(scores[0] > 0.5f);       // taken
    CHECK(scores[1] > scores[2]);  // who took 0 took 1
    CHECK((scores[3] == 0.0f && scores[4] == 0.0f));
    REQUIRE(model.fold_in({}, {}, user));
    for (const float x : user) CHECK(x == 0.0f);
}

TEST_CASE("the same seed and data give the same bytes, another seed others; a copy stands alone") {
    const matrix<float> taken{{0, 2, 4, 5}, {0, 1, 1, 2, 0}, {}};
    rv::implicit_als<6> one(5, {.seed = 7}), other(5, {.seed = 8});
    auto copy = one;
    CHECK(digest(copy) == digest(one));
    CHECK(digest(other) != digest(one));
    one.fit(taken.view());
    CHECK(digest(copy) != digest(one));
    copy.fit(taken.view());
    CHECK(digest(copy) == digest(one));
    CHECK(one.memory() == (3 * 16 + 5 * 16 + 6 * 16) * sizeof(float));
}

TEST_CASE("what is wrong is refused and changes nothing") {
    rv::implicit_als<4> model(3);
    const std::uint64_t before = digest(model);
    const auto code_of = [&](const matrix<float>& given) {
        try {
            model.fit(given.view());
        } catch (const rv::error& problem) { return problem.code(); }
        return rv::errc::none;
    };
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(code_of({{0, 1}, {3}, {}}) == rv::errc::unknown_item);
    CHECK(code_of({{0, 1}, {0}, {-1}}) == rv::errc::weight);
    CHECK(code_of({{0, 1}, {0}, {nan}}) == rv::errc::weight);
    CHECK(code_of({{0, 2}, {0, 1}, {1}}) == rv::errc::count);
    CHECK(code_of({{0, 2}, {0}, {}}) == rv::errc::format);
    CHECK(code_of({{1, 1}, {0}, {}}) == rv::errc::format);
    CHECK(code_of({{0, 1, 0}, {0}, {}}) == rv::errc::format);
    CHECK(code_of({{0, 0}, {0}, {}}) == rv::errc::count);
    CHECK(code_of({{0, 1}, {0}, {3e38f}}) == rv::errc::setting);  // 1 + alpha r overflows
    CHECK(digest(model) == before);

    float user[4], scores[3];
    const std::uint32_t known[]{1}, unknown[]{3};
    const float one[]{1}, two[]{1, 1}, bad[]{nan};
    CHECK(model.fold_in(unknown, one, user).code == rv::errc::unknown_item);
    CHECK(model.fold_in(known, two, user).code == rv::errc::count);
    CHECK(model.fold_in(known, bad, user).code == rv::errc::weight);
    CHECK(model.fold_in(known, one, scores).code == rv::errc::width);
    CHECK(model.score(scores, scores).code == rv::errc::width);
    CHECK(model.score(user, user).code == rv::errc::count);
    CHECK_THROWS_AS(model.set_item_factors(std::vector<float>(11)), rv::error);
    CHECK_THROWS_AS(model.set_item_factors(std::vector<float>(12, nan)), rv::error);
    CHECK_THROWS_AS(rv::implicit_als<4>(3, {.confidence = -1}), rv::error);
    CHECK_THROWS_AS(rv::implicit_als<4>(3, {.l2 = 0}), rv::error);
    CHECK_THROWS_AS(rv::implicit_als<4>(3, {.sweeps = 0}), rv::error);
    CHECK(rv::implicit_als_settings{.l2 = nan}.validate().message() == "implicit_als.l2 must be a finite number above 0, got nan");
    static_assert(noexcept(model.fold_in(known, one, user))&& noexcept(model.score(user, scores))&& noexcept(model.score(user, 0)));
    static_assert(std::is_copy_assignable_v<rv::implicit_als<4>> && std::is_nothrow_move_constructible_v<rv::implicit_als<4>>);

    rv::implicit_als<4> none(0);  // no items, no users
    none.fit({});
    CHECK((none.users() == 0 && none.items() == 0));
}
