// SPDX-License-Identifier: MIT
// Lists of ids as a record brings them: from every kind of container, one by one or for many items, and what each wrong list is told.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <rivulet/core/hash.hpp>
#include <rivulet/input/ids.hpp>
#include <rivulet/input/record.hpp>

namespace rv = rivulet;
using rv::detail::check;
using rv::detail::check_rows;

namespace {

struct user : rv::context_ids<> {};
struct pages : rv::context_ids<4> {};
struct genres : rv::candidate_ids<3> {};

template <class Given> std::vector<rv::item_id> listed(const Given& view) {
    std::vector<rv::item_id> ids;
    for (std::size_t i = 0; i < view.count(); ++i) ids.push_back(view.id(i));
    return ids;
}
using ids = std::vector<rv::item_id>;

}  // namespace

TEST_CASE("one id of any whole type, and lists from any container") {
    CHECK(listed(rv::with<user>(42)) == ids{42});
    CHECK(listed(rv::with<user>(~rv::item_id(0))) == ids{~rv::item_id(0)});
    CHECK(listed(rv::with<user>(std::uint8_t(7))) == ids{7});
    CHECK(listed(rv::with<user>(-1)) == ids{~rv::item_id(0)});
    const ids vector{1, 2, 2};
    const std::array<rv::item_id, 3> array{1, 2, 2};
    const rv::item_id plain[]{1, 2, 2};
    CHECK(listed(rv::with<pages>(vector)) == vector);
    CHECK(listed(rv::with<pages>(array)) == vector);
    CHECK(listed(rv::with<pages>(plain)) == vector);
    CHECK(listed(rv::with<pages>(std::span(vector).first(2))) == ids{1, 2});
    CHECK(rv::with<pages>(vector).value<double>(1) == 1);
    CHECK(rv::with<pages>(vector).list == vector.data());  // a view
    CHECK(listed(rv::with<pages>(ids{})).empty());
    for (const auto& view : {rv::with<pages>(vector), rv::with<pages>(ids{}), rv::with<pages>(std::span<const rv::item_id>())})
        CHECK(check(view));
    CHECK(check(rv::with<user>(0)));
}

TEST_CASE("values of float or double come with their ids") {
    const ids list{5, 6};
    const std::vector<float> single{0.5f, -2};
    const std::array<double, 2> twice{0.25, 3};
    const auto view = rv::with<pages>(list, single);
    CHECK(check(view));
    CHECK(view.value<double>(1) == -2);
    CHECK(check(rv::with<pages>(list, twice)));
    CHECK(rv::with<pages>(list, twice).value<float>(0) == 0.25f);
    rv::item_id ids_copied[2];
    float numbers[2];
    rv::detail::copy_list(rv::with<pages>(list, twice), ids_copied, numbers);
    CHECK(ids_copied[1] == 6);
    CHECK(numbers[1] == 3);
    rv::detail::copy_list(rv::with<user>(9), ids_copied, numbers);
    CHECK(ids_copied[0] == 9);
    CHECK(numbers[0] == 1);
}

TEST_CASE("a list that is too long, lacks values or holds one that is no number is refused in words") {
    const ids five{1, 2, 3, 4, 5};
    CHECK(check(rv::with<pages>(five)).code == rv::errc::count);
    CHECK(check(rv::with<pages>(five)).message().find("pages") != std::string::npos);
    CHECK(check(rv::with<pages>(five)).expected == 4);
    CHECK(check(rv::with<pages>(five)).got == 5);
    CHECK(check(rv::with<pages>(std::span(five).first(4))));
    CHECK(check(rv::with<user>(std::span(five).first(2))).code == rv::errc::count);
    const std::vector<float> three{1, 2, 3}, none;
    CHECK(check(rv::with<pages>(std::span(five).first(4), three)).code == rv::errc::count);
    CHECK(check(rv::with<pages>(std::span(five).first(2), three)).code == rv::errc::count);
    CHECK(check(rv::with<pages>(std::span(five).first(2), none)).code == rv::errc::count);
    CHECK(check(rv::with<pages>(ids{}, none)));
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        const std::vector<double> values{1, bad, 3};
        const auto refused = check(rv::with<pages>(std::span(five).first(3), values));
        CHECK(refused.code == rv::errc::nonfinite);
        CHECK(refused.index == 1);
    }
    const std::vector<std::size_t> begins{0, 1};
    CHECK(check(rv::with<genres>(std::span(five).first(1), rv::lists{begins})).code == rv::errc::count);  // many where one belongs
}

TEST_CASE("a value that the pipeline's numbers cannot hold is refused") {
    const ids one{1};
    const std::vector<double> huge{1e300};
    const auto record = rv::request(rv::with<pages>(one, huge));
    CHECK(check<double>(record, rv::features<pages>{}));
    CHECK(check<float>(record, rv::features<pages>{}).code == rv::errc::nonfinite);
}

TEST_CASE("lists of many items: each has its own, from one beginning to the next") {
    const ids all{10, 11, 12, 20, 30, 31};
    const std::vector<std::size_t> begins{0, 3, 3, 4, 6};
    const auto many = rv::with<genres>(all, rv::lists{begins});
    CHECK(check_rows(many, 4));
    CHECK(listed(rv::detail::row_of(many, 0)) == ids{10, 11, 12});
    CHECK(listed(rv::detail::row_of(many, 1)).empty());
    CHECK(listed(rv::detail::row_of(many, 2)) == ids{20});
    CHECK(listed(rv::detail::row_of(many, 3)) == ids{30, 31});
    const auto one_each = rv::with<genres>(all);
    CHECK(check_rows(one_each, 6));
    CHECK(listed(rv::detail::row_of(one_each, 4)) == ids{30});
    CHECK(check_rows(rv::with<genres>(8), 1));
    CHECK(listed(rv::detail::row_of(rv::with<genres>(8), 0)) == ids{8});
    CHECK(check_rows(rv::with<genres>(ids{}), 0));
    CHECK(check_rows(rv::with<genres>(ids{}, rv::lists{std::vector<std::size_t>{0}}), 0));

    const auto refused = [&](std::vector<std::size_t> wrong, std::size_t rows = 4) {
        return check_rows(rv::with<genres>(all, rv::lists{wrong}), rows).code;
    };
    CHECK(refused({0, 3, 3, 4, 6}, 5) == rv::errc::count);
    CHECK(refused({0, 3, 3, 4, 6}, 3) == rv::errc::count);
    CHECK(refused({1, 3, 3, 4, 6}) == rv::errc::count);
    CHECK(refused({0, 3, 2, 4, 6}) == rv::errc::count);  // falls
    CHECK(refused({0, 3, 3, 4, 7}) == rv::errc::count);  // beyond the end
    CHECK(refused({0, 3, 3, 4, 5}) == rv::errc::count);  // ids left over
    CHECK(refused({0, 4, 4, 5, 6}) == rv::errc::count);  // a list of 4
    CHECK(refused({0, ~std::size_t(0), 3, 4, 6}) == rv::errc::count);
    CHECK(refused({}) == rv::errc::count);
    CHECK(check_rows(one_each, 5).code == rv::errc::count);
}

TEST_CASE("strings become ids by hash, the same everywhere") {
    constexpr rv::item_id red = rv::hash("colour=red");
    static_assert(red != rv::hash("colour=blue"));
    CHECK(listed(rv::with<user>(red)) == ids{red});
}
