// SPDX-License-Identifier: MIT
// Statuses and errors: what they say, and that they cost nothing until asked.
#include <doctest/doctest.h>

#include <string>
#include <type_traits>

#include <rivulet/core/error.hpp>

namespace rv = rivulet;

TEST_CASE("a status is true only when nothing was refused, and is small and trivially copyable") {
    CHECK(rv::status{});
    for (int code = 1; code <= static_cast<int>(rv::errc::system); ++code) CHECK_FALSE(rv::status{static_cast<rv::errc>(code)});
    CHECK(std::is_trivially_copyable_v<rv::status>);
    CHECK(sizeof(rv::status) <= 48);
    constexpr rv::status usable_in_constants{rv::errc::empty, "learn"};
    CHECK(usable_in_constants.where == "learn");
}

TEST_CASE("every kind of refusal has one sentence that says what, where, expected and got") {
    using rv::errc;
    CHECK(rv::status{}.message() == "done");
    CHECK(rv::status{errc::width, "title", 384, 383}.message() == "title: expected 384 numbers, got 383");
    CHECK(rv::status{errc::count, "scores", 10, 9}.message() == "scores: expected 10 rows, got 9");
    CHECK(rv::status{errc::nonfinite, "title", 0, 0, 17}.message() == "title: number 17 is not finite");
    CHECK(rv::status{errc::label, "learn", 0, 2, 3}.message() == "learn: label 2 of outcome 3 is outside what this loss takes");
    CHECK(rv::status{errc::weight, "learn", 0, -1, 3}.message() ==
          "learn: importance weight -1 of outcome 3 is not a finite number of 0 or more");
    CHECK(rv::status{errc::gradient, "learn", 100, 250.5}.message() == "learn: gradient norm 250.5 is beyond the limit of 100");
    CHECK(rv::status{errc::unknown_item, "catalogue", 0, 0, ~0ull}.message() ==
          "catalogue: item 18446744073709551615 is not in the catalogue");
    CHECK(rv::status{errc::duplicate_item, "catalogue", 0, 0, 7}.message() == "catalogue: item 7 is in the catalogue already");
    CHECK(rv::status{errc::empty, "learn"}.message() == "learn: nothing to work on");
    CHECK(rv::status{errc::limit, "rank", 128, 129}.message() == "rank: at most 128 here, got 129");
    CHECK(rv::status{errc::setting, "sgd.rate must be a finite number above 0", 0, -0.5}.message() ==
          "sgd.rate must be a finite number above 0, got -0.5");
    CHECK(rv::status{errc::format, "log", 0, 0, 64}.message() == "log: not the expected bytes at offset 64");
    CHECK(rv::status{errc::mismatch, "snapshot"}.message() == "snapshot: made by another pipeline");
    CHECK(rv::status{errc::system, "disk"}.message() == "disk: refused by the system");
    CHECK(rv::status{errc::empty}.message() == "rivulet: nothing to work on");
}

TEST_CASE("whole numbers in a sentence are written out, however many zeros they end in") {
    CHECK(rv::status{rv::errc::count, "scores", 100000, 1000000}.message() == "scores: expected 100000 rows, got 1000000");
    CHECK(rv::status{rv::errc::width, "title", 3e9, 0}.message() == "title: expected 3000000000 numbers, got 0");
    CHECK(rv::status{rv::errc::gradient, "learn", 1e30, 1e300}.message() == "learn: gradient norm 1e+300 is beyond the limit of 1e+30");
}

TEST_CASE("an error carries the code and the sentence of what was refused") {
    const rv::error problem(rv::status{rv::errc::width, "title", 4, 3});
    CHECK(problem.code() == rv::errc::width);
    CHECK(std::string(problem.what()) == "title: expected 4 numbers, got 3");
    CHECK(std::is_base_of_v<std::runtime_error, rv::error>);
}

TEST_CASE("a required status throws when it is a refusal and does nothing when it is not") {
    CHECK_NOTHROW(rv::detail::require({}));
    CHECK_THROWS_WITH_AS(rv::detail::require({rv::errc::empty, "fit"}), "fit: nothing to work on", rv::error);
    CHECK_THROWS_WITH_AS(rv::detail::raise(rv::errc::system, "a sentence"), "a sentence", rv::error);
}
