// SPDX-License-Identifier: MIT
// Host memory bound to features: from every kind of container, and what each wrong view is told.
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <rivulet/input/record.hpp>

namespace rv = rivulet;
using rv::detail::check;

namespace {

struct shopper : rv::context<4> {};
struct hour : rv::context<1> {};
struct recent : rv::context_sequence<3, 5> {};
struct title : rv::candidate<4> {};
struct price : rv::candidate<1> {};

using row_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using column_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

/// Every number that is not one: infinities, quiet and signalling NaN, with and without a payload.
template <class T> std::vector<T> not_numbers() {
    if constexpr (sizeof(T) == 4)
        return {std::bit_cast<T>(0x7f800000u), std::bit_cast<T>(0xff800000u), std::bit_cast<T>(0x7fc00000u), std::bit_cast<T>(0x7f800001u),
                std::bit_cast<T>(0xff812345u)};
    else
        return {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN(),
                std::bit_cast<T>(std::uint64_t(0x7ff0000000000001u)), std::bit_cast<T>(std::uint64_t(0xfff0000000012345u))};
}
std::vector<float> counted(std::size_t n) {
    std::vector<float> numbers(n);
    for (std::size_t i = 0; i < n; ++i) numbers[i] = static_cast<float>(i);
    return numbers;
}

}  // namespace

TEST_CASE("spans, vectors and arrays of every kind are bound where they lie") {
    std::vector<float> vector{1, 2, 3, 4};
    const std::vector<float> constant = vector;
    std::array<float, 4> array{1, 2, 3, 4};
    float plain[4] = {1, 2, 3, 4};
    CHECK(rv::with<title>(vector).data == vector.data());
    CHECK(rv::with<title>(constant).data == constant.data());
    CHECK(rv::with<title>(array).data == array.data());
    CHECK(rv::with<title>(plain).data == plain);
    CHECK(rv::with<title>(std::span(vector)).data == vector.data());
    CHECK(rv::with<title>(std::span<const float>(vector)).data == vector.data());
    CHECK(rv::with<title>(std::span<float, 4>(array)).data == array.data());
    CHECK(rv::with<title>(vector.data(), 4).data == vector.data());
    CHECK(rv::with<title>(plain, 4).data == plain);
    for (const auto& view : {rv::with<title>(vector), rv::with<title>(array), rv::with<title>(plain),
                             rv::with<title>(std::span<const float>(vector)), rv::with<title>(vector.data(), 4)}) {
        CHECK(view.size == 4);
        CHECK(view.count() == 1);
        CHECK(check(view));
    }
    const std::vector<double> doubles{1, 2, 3, 4};
    CHECK(check(rv::with<title>(doubles)));
    CHECK(std::is_same_v<decltype(rv::with<title>(doubles))::scalar, double>);
}

TEST_CASE("memory need not be aligned") {
    std::vector<float> numbers = counted(9);
    for (std::size_t shift = 0; shift < 5; ++shift) {
        const auto view = rv::with<title>(numbers.data() + shift, 4);
        CHECK(view.data[0] == static_cast<float>(shift));
        CHECK(check(view));
    }
}

TEST_CASE("Eigen vectors, fixed and dynamic, column and row, maps and arrays are bound where they lie") {
    const Eigen::Vector4f fixed(1, 2, 3, 4);
    const Eigen::VectorXf dynamic = fixed;
    const Eigen::RowVectorXf row = fixed.transpose();
    const Eigen::ArrayXf array = fixed.array();
    float memory[] = {9, 1, 2, 3, 4, 9};
    const Eigen::Map<const Eigen::VectorXf> map(memory + 1, 4);
    const Eigen::Map<Eigen::Vector4f> mutable_map(memory + 1);
    const Eigen::Ref<const Eigen::VectorXf> ref = dynamic;
    const Eigen::VectorXf longer = Eigen::VectorXf::LinSpaced(8, 0, 7);
    const auto good = [](const auto& view, const float* where) {
        CHECK(view.data == where);
        CHECK(view.size == 4);
        CHECK(check(view));
    };
    good(rv::with<title>(fixed), fixed.data());
    good(rv::with<title>(dynamic), dynamic.data());
    good(rv::with<title>(row), row.data());
    good(rv::with<title>(array), array.data());
    good(rv::with<title>(map), memory + 1);
    good(rv::with<title>(mutable_map), memory + 1);
    good(rv::with<title>(ref), dynamic.data());
    good(rv::with<title>(longer.segment(2, 4)), longer.data() + 2);
    good(rv::with<title>(longer.head<4>()), longer.data());
    CHECK(check(rv::with<title>(Eigen::Vector4d(1, 2, 3, 4).eval())));
    CHECK(check(rv::with<title>(Eigen::VectorXf(3))).message() == "title: expected 4 numbers, got 3");
}

TEST_CASE("a row-major matrix holds a row of the feature in each row, a column-major one in each column") {
    row_major by_row(2, 3);
    by_row << 0, 1, 2, 10, 11, 12;
    const auto view = rv::with<recent>(by_row);
    CHECK(view.count() == 2);
    CHECK(view.row(1)[0] == 10);
    CHECK(check(view));
    column_major by_column(3, 2);
    by_column << 0, 10, 1, 11, 2, 12;
    const auto other = rv::with<recent>(by_column);
    CHECK(other.count() == 2);
    CHECK(other.row(1)[2] == 12);
    CHECK(check(other));
    const auto transposed = rv::with<recent>(by_column.transpose());  // a row-major view of the same memory
    CHECK(transposed.count() == 2);
    CHECK(transposed.data == by_column.data());
    CHECK(check(transposed));
    CHECK(check(rv::with<recent>(Eigen::Matrix<float, 3, 4>::Zero().eval())));
    CHECK(check(rv::with<recent>(row_major(0, 3))));
    CHECK(check(rv::with<recent>(column_major(3, 0))));
}

TEST_CASE("a matrix whose rows have another width is refused with both widths") {
    CHECK(check(rv::with<recent>(row_major::Zero(3, 2).eval())).message() == "recent: expected 3 numbers, got 2");
    CHECK(check(rv::with<recent>(column_major::Zero(6, 2).eval())).message() == "recent: expected 3 numbers, got 6");
    CHECK(check(rv::with<title>(row_major::Zero(2, 2).eval())).message() == "title: expected 4 numbers, got 2");
    CHECK(check(rv::with<title>(row_major::Zero(2, 4).eval())).message() == "title: expected 4 numbers, got 8");
}

TEST_CASE("blocks that lie in one piece are bound, and those that do not are refused as a wrong width") {
    const row_major wide = row_major::Random(6, 5);
    const column_major tall = column_major::Random(5, 6);
    const row_major exact = row_major::Random(6, 3);
    CHECK(check(rv::with<recent>(exact.middleRows(1, 4))));
    CHECK(rv::with<recent>(exact.middleRows(1, 4)).data == exact.data() + 3);
    CHECK(check(rv::with<recent>(wide.block(2, 1, 1, 3))));  // one row
    CHECK(check(rv::with<title>(wide.row(2).head(4))));
    CHECK(check(rv::with<title>(tall.col(2).head(4))));
    for (const auto& refused : {check(rv::with<recent>(wide.leftCols(3))), check(rv::with<recent>(wide.block(0, 1, 4, 3))),
                                check(rv::with<recent>(tall.topRows(3))), check(rv::with<title>(wide.col(0).head(4))),
                                check(rv::with<title>(tall.row(0).head(4)))}) {
        CHECK(refused.code == rv::errc::width);
        CHECK(refused.got == 0);
    }
    const Eigen::Map<const Eigen::VectorXf, 0, Eigen::InnerStride<2>> every_other(wide.data(), 4);
    CHECK(check(rv::with<title>(every_other)).message() == "title: expected 4 numbers, got 0");
    const Eigen::Map<const row_major, 0, Eigen::OuterStride<>> spaced(wide.data(), 2, 3, Eigen::OuterStride<>(4));
    CHECK(check(rv::with<recent>(spaced)).code == rv::errc::width);
    const Eigen::Map<const row_major, 0, Eigen::OuterStride<>> packed(wide.data(), 2, 3, Eigen::OuterStride<>(3));
    CHECK(check(rv::with<recent>(packed)));
}

TEST_CASE("one number has no stride: it is bound wherever it lies") {
    const column_major numbers = column_major::Random(4, 5);
    CHECK(check(rv::with<price>(numbers.row(2).segment(3, 1))));
    CHECK(rv::with<price>(numbers.row(2).segment(3, 1)).data == numbers.data() + 14);
}

TEST_CASE("a vector of the wrong length, or of none, is refused with both lengths") {
    const auto numbers = counted(20);
    for (std::size_t n = 0; n <= 12; ++n) {
        const auto checked = check(rv::with<title>(numbers.data(), n));
        if (n == 4)
            CHECK(checked);
        else
            CHECK(checked.message() == "title: expected 4 numbers, got " + std::to_string(n));
    }
    CHECK(check(rv::with<title>(std::vector<float>{})).message() == "title: expected 4 numbers, got 0");
    CHECK(check(rv::with<title>(static_cast<const float*>(nullptr), 4)).message() == "title: expected 4 numbers, got 0");
    CHECK(check(rv::with<title>(static_cast<const float*>(nullptr), 0)).message() == "title: expected 4 numbers, got 0");
}

TEST_CASE("a sequence has whole rows, any number of them") {
    const auto numbers = counted(40);
    for (std::size_t n = 0; n <= 30; ++n) {
        const auto view = rv::with<recent>(numbers.data(), n);
        if (n % 3 == 0) {
            CHECK(check(view));
            CHECK(view.count() == n / 3);
        } else
            CHECK(check(view).message() == "recent: expected " + std::to_string(n / 3 * 3 + 3) + " numbers, got " + std::to_string(n));
    }
    CHECK(check(rv::with<recent>(std::vector<float>{})));
    CHECK(check(rv::with<recent>(static_cast<const float*>(nullptr), 0)));
    CHECK(check(rv::with<recent>(static_cast<const float*>(nullptr), 6)).message() == "recent: expected 6 numbers, got 0");
}

TEST_CASE_TEMPLATE("every kind of infinity and NaN is refused at every position, and the sentence names it", T, float, double) {
    for (const T bad : not_numbers<T>())
        for (std::size_t at = 0; at < 4; ++at) {
            std::vector<T> numbers(4, T(1));
            numbers[at] = bad;
            const auto checked = check(rv::with<shopper>(numbers));
            REQUIRE(checked.code == rv::errc::nonfinite);
            REQUIRE(checked.index == at);
            REQUIRE(checked.message() == "shopper: number " + std::to_string(at) + " is not finite");
        }
    const std::vector<T> extreme{std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest(), std::numeric_limits<T>::denorm_min(),
                                 -T(0)};
    CHECK(check(rv::with<shopper>(extreme)));
}

TEST_CASE_TEMPLATE("in a sequence a bad number counts where it will be read: in the last rows, unless masked", T, float, double) {
    const std::size_t rows = 7;  // of which the last 5 count
    for (const T bad : not_numbers<T>())
        for (std::size_t at = 0; at < rows * 3; ++at) {
            std::vector<T> numbers(rows * 3, T(1));
            numbers[at] = bad;
            const auto checked = check(rv::with<recent>(numbers));
            if (at < 2 * 3)
                REQUIRE(checked);
            else {
                REQUIRE(checked.index == at);
                REQUIRE(checked.message() == "recent: number " + std::to_string(at) + " is not finite");
            }
            std::vector<std::uint8_t> valid(rows, 1);
            valid[at / 3] = 0;
            REQUIRE(check(rv::with<recent>(numbers, valid)));
        }
}

TEST_CASE("a mask has a byte a row, and any byte but zero means that the row is there") {
    const auto numbers = counted(9);
    const std::vector<std::uint8_t> valid{0, 1, 255};
    const auto view = rv::with<recent>(numbers, valid);
    CHECK(check(view));
    CHECK_FALSE(view.holds(0));
    CHECK(view.holds(1));
    CHECK(view.holds(2));
    CHECK(rv::with<recent>(numbers).holds(0));
    const Eigen::Map<const row_major> matrix(numbers.data(), 3, 3);
    CHECK(check(rv::with<recent>(matrix, valid)));
    for (const std::size_t count : {1u, 2u, 4u, 9u})
        CHECK(check(rv::with<recent>(numbers, std::vector<std::uint8_t>(count, 1))).message() ==
              "recent: expected 3 rows, got " + std::to_string(count));
}

TEST_CASE("a mask of no rows fits a sequence of no rows only") {
    const std::vector<std::uint8_t> none;
    CHECK(check(rv::with<recent>(std::vector<float>{}, none)));
    CHECK(check(rv::with<recent>(counted(9), none)).message() == "recent: expected 3 rows, got 0");
}

TEST_CASE("a record gives each feature that it was made of, whatever the order") {
    const auto numbers = counted(20);
    const auto visit = rv::request(rv::with<recent>(numbers.data(), 6), rv::with<shopper>(numbers.data() + 6, 4));
    CHECK(visit.get<shopper>().data == numbers.data() + 6);
    CHECK(visit.get<recent>().count() == 2);
    const auto thing = rv::item(rv::with<price>(numbers.data(), 1), rv::with<title>(numbers.data() + 1, 4));
    CHECK(thing.get<title>().data == numbers.data() + 1);
    using visit_type = std::remove_const_t<decltype(visit)>;
    CHECK(rv::detail::brings<visit_type, shopper>);
    CHECK_FALSE(rv::detail::brings<visit_type, hour>);
    CHECK_FALSE(rv::detail::brings<visit_type, title>);
    CHECK(std::is_trivially_copyable_v<visit_type>);
}

TEST_CASE("the first problem among a record's features is told, and features that nobody reads are not looked at") {
    auto numbers = counted(20);
    numbers[1] = std::numeric_limits<float>::infinity();
    const auto visit = rv::request(rv::with<shopper>(numbers.data() + 2, 4), rv::with<hour>(numbers.data() + 1, 1),
                                   rv::with<recent>(numbers.data() + 2, 4));
    CHECK(check<float>(visit, rv::features<>{}));
    CHECK(check<float>(visit, rv::features<shopper>{}));
    CHECK(check<float>(visit, rv::features<shopper, hour>{}).message() == "hour: number 0 is not finite");
    CHECK(check<float>(visit, rv::features<recent, hour>{}).message() == "recent: expected 6 numbers, got 4");
    CHECK(check<float>(visit, rv::features<hour, recent>{}).message() == "hour: number 0 is not finite");
}

TEST_CASE("views are made while compiling where the numbers are known") {
    static constexpr std::array<float, 6> numbers{1, 2, 3, 4, 5, 6};
    static_assert(rv::with<recent>(numbers).count() == 2);
    static_assert(rv::with<recent>(numbers).row(1)[0] == 4);
    CHECK(noexcept(check(rv::with<recent>(numbers))));
}
