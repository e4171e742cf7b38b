// SPDX-License-Identifier: MIT
// Features that may be missing: which views say so, which are refused, and which rows are there.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <rivulet/input/missing.hpp>

namespace rv = rivulet;
using rv::detail::check;
using rv::detail::check_rows;

namespace {

struct visitor : rv::context<2> {};
struct look : rv::optional<rv::context<3>> {};
struct title : rv::candidate<2> {};
struct poster : rv::optional<rv::candidate<3>> {};
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("missing is said, not guessed: no memory, no numbers, and a word for it") {
    static_assert(rv::missing<poster>().data == nullptr && rv::missing<poster>().size == 0 && rv::missing<poster>().absent);
    static_assert(std::is_same_v<decltype(rv::missing<poster>())::scalar, float>);
    static_assert(std::is_same_v<decltype(rv::missing<poster, double>())::scalar, double>);
    static_assert(std::is_same_v<decltype(rv::missing<poster>()), decltype(rv::with<poster>(std::vector<float>{}))>);
    CHECK(check(rv::missing<poster>()));
    CHECK(check(rv::missing<look, double>()));
    CHECK_FALSE(rv::missing<poster>().holds(0));
    CHECK(rv::missing<poster>().count() == 0);
}

TEST_CASE("an optional feature that is there is checked like any; an empty vector is a wrong width, not a missing one") {
    const std::vector<float> numbers{1, 2, 3, 4};
    CHECK(check(rv::with<poster>(numbers.data(), 3)));
    CHECK(rv::with<poster>(numbers.data(), 3).holds(0));
    for (std::size_t n : {0u, 1u, 2u, 4u})
        CHECK(check(rv::with<poster>(numbers.data(), n)).message() == "poster: expected 3 numbers, got " + std::to_string(n));
    CHECK(check(rv::with<poster>(std::vector<float>{})).message() == "poster: expected 3 numbers, got 0");
    CHECK(check(rv::with<poster>(static_cast<const float*>(nullptr), 3)).message() == "poster: expected 3 numbers, got 0");
    CHECK(check(rv::with<poster>(std::array{1.0f, not_a_number, 3.0f})).message() == "poster: number 1 is not finite");
    auto both = rv::missing<poster>();  // says that it is missing and brings numbers
    both.data = numbers.data();
    both.size = 3;
    CHECK(check(both).message() == "poster: expected 0 numbers, got 3");
}

TEST_CASE("a view that says missing is refused of a feature that must be there, however it was made") {
    rv::given<title, float> view;
    view.absent = true;
    CHECK(check(view).message() == "title: expected 2 numbers, got 0");
    CHECK(check_rows(view, 3).message() == "title: expected 6 numbers, got 0");
}

TEST_CASE("rows with a mask: what is not there may hold anything, the rest is checked") {
    std::vector<float> rows(9, 1.0f);
    std::vector<std::uint8_t> has{1, 0, 255};
    CHECK(check_rows(rv::with<poster>(rows, has), 3));
    rows[3] = rows[4] = rows[5] = not_a_number;
    const auto view = rv::with<poster>(rows, has);
    CHECK(check_rows(view, 3));
    CHECK(view.holds(0));
    CHECK_FALSE(view.holds(1));
    CHECK(view.holds(2));
    has[1] = 1;
    CHECK(check_rows(rv::with<poster>(rows, has), 3).message() == "poster: number 3 is not finite");
    CHECK(check_rows(rv::with<poster>(rows), 3).message() == "poster: number 3 is not finite");
    CHECK(check_rows(rv::with<poster>(rows, has), 4).message() == "poster: expected 12 numbers, got 9");
    for (const std::size_t count : {0u, 1u, 2u, 4u})
        CHECK(check_rows(rv::with<poster>(rows, std::vector<std::uint8_t>(count, 0)), 3).message() ==
              "poster: expected 3 rows, got " + std::to_string(count));
    CHECK(check_rows(rv::with<poster>(std::vector<float>{}, std::vector<std::uint8_t>{}), 0));
    CHECK(check_rows(rv::missing<poster>(), 0));
    CHECK(check_rows(rv::missing<poster>(), 1000));
    const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> matrix =
        Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(rows.data(), 3, 3);
    has[1] = 0;
    CHECK(check_rows(rv::with<poster>(matrix, has), 3));
}

TEST_CASE("one row with a mask of one byte is there or not") {
    const std::vector<float> row{1, 2, 3}, rubbish(3, not_a_number);
    const std::vector<std::uint8_t> yes{1}, no{0};
    CHECK(check(rv::with<look>(row, yes)));
    CHECK(check(rv::with<look>(rubbish, no)));
    CHECK_FALSE(rv::with<look>(rubbish, no).holds(0));
    CHECK_FALSE(check(rv::with<look>(rubbish, yes)));
    CHECK(check(rv::with<look>(row, std::vector<std::uint8_t>{1, 1})).message() == "look: expected 1 rows, got 2");
}

TEST_CASE("a row of many is a view of its own, or missing") {
    const std::vector<float> rows{1, 2, 3, 4, 5, 6, 7, 8, 9};
    const std::vector<std::uint8_t> has{1, 0, 1};
    const auto view = rv::with<poster>(rows, has);
    for (const std::size_t i : {0u, 2u}) {
        const auto row = rv::detail::row_of(view, i);
        CHECK(row.data == rows.data() + 3 * i);
        CHECK(row.size == 3);
        CHECK(row.holds(0));
        CHECK(check(row));
    }
    CHECK(rv::detail::row_of(view, 1).absent);
    CHECK(check(rv::detail::row_of(view, 1)));
    CHECK(rv::detail::row_of(rv::missing<poster>(), 7).absent);
    const auto plain = rv::detail::row_of(rv::with<title>(rows.data(), 8), 3);
    CHECK(plain.data == rows.data() + 6);
    CHECK(plain.size == 2);
}

TEST_CASE("the rows that are there are those of the mask, and without one the view itself") {
    const std::vector<float> rows{1, 2, 3, not_a_number, not_a_number, not_a_number, 7, 8, 9};
    const std::vector<std::uint8_t> has{1, 0, 1};
    std::vector<float> room(2, 5.0f);
    const auto there = rv::detail::rows_there(rv::with<poster>(rows, has), room);
    CHECK(there.count == 2);
    CHECK(there.stride == 3);
    CHECK(room == std::vector<float>{1, 2, 3, 7, 8, 9});
    CHECK(there.data == room.data());
    const auto all = rv::detail::rows_there(rv::with<poster>(rows), room);
    CHECK(all.data == rows.data());
    CHECK(all.count == 3);
    CHECK(rv::detail::rows_there(rv::missing<poster>(), room).count == 0);
    CHECK(rv::detail::rows_there(rv::with<poster>(rows, std::vector<std::uint8_t>(3, 0)), room).count == 0);
}

TEST_CASE("a record brings all when none of its side's optional features is missing") {
    const std::vector<float> numbers(3, 1.0f);
    using list = rv::features<visitor, look, title, poster>;
    const auto visit = rv::request(rv::with<visitor>(numbers.data(), 2), rv::with<look>(numbers));
    const auto blind = rv::request(rv::with<visitor>(numbers.data(), 2), rv::missing<look>());
    const auto film = rv::item(rv::with<title>(numbers.data(), 2), rv::with<poster>(numbers));
    const auto bare = rv::item(rv::missing<poster>(), rv::with<title>(numbers.data(), 2));
    CHECK(rv::detail::brings_all<rv::binding::context>(visit, list{}));
    CHECK_FALSE(rv::detail::brings_all<rv::binding::context>(blind, list{}));
    CHECK(rv::detail::brings_all<rv::binding::candidate>(film, list{}));
    CHECK_FALSE(rv::detail::brings_all<rv::binding::candidate>(bare, list{}));
    CHECK(rv::detail::brings_all<rv::binding::context>(blind, rv::features<visitor, title>{}));
    CHECK(check<float>(blind, rv::features<visitor, look>{}));
    CHECK(check<float>(bare, rv::features<title, poster>{}));
}
