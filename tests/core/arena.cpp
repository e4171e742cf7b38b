// SPDX-License-Identifier: MIT
// The arena: alignment, value semantics, growth, and refusal of a size that memory cannot hold.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

#include <rivulet/core/arena.hpp>

#include "../random_data.hpp"

namespace rv = rivulet;

// The address sanitizer ends the program where operator new should throw.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif !defined(SANITIZED)
#define SANITIZED false
#endif

namespace {
template <class T> rv::arena<T> counted(std::size_t size) {
    rv::arena<T> numbers(size);
    for (std::size_t i = 0; i < size; ++i) numbers.data()[i] = static_cast<T>(i + 1);
    return numbers;
}
template <class T> bool is_counted(const rv::arena<T>& numbers, std::size_t size) {
    if (numbers.size() != size) return false;
    for (std::size_t i = 0; i < size; ++i)
        if (numbers.data()[i] != static_cast<T>(i + 1)) return false;
    return true;
}
}  // namespace

TEST_CASE_TEMPLATE("an arena starts as zeros on a cache line", T, float, double) {
    for (const std::size_t size : test::sizes) {
        CAPTURE(size);
        const rv::arena<T> numbers(size);
        REQUIRE(numbers.size() == size);
        CHECK(reinterpret_cast<std::uintptr_t>(numbers.data()) % rv::arena<T>::alignment == 0);
        CHECK(std::all_of(numbers.span().begin(), numbers.span().end(), [](T x) { return x == 0; }));
        CHECK(numbers.bytes().size() == size * sizeof(T));
    }
    CHECK(rv::arena<T>().size() == 0);
    CHECK(rv::arena<T>().span().empty());
}

TEST_CASE_TEMPLATE("a copy has the numbers and memory of its own", T, float, double) {
    for (const std::size_t size : test::sizes) {
        const auto original = counted<T>(size);
        auto copy = original;
        CHECK(is_counted(copy, size));
        if (size == 0) continue;
        CHECK(copy.data() != original.data());
        copy.data()[0] = -1;
        CHECK(is_counted(original, size));
    }
}

TEST_CASE_TEMPLATE("assigning an arena copies it, from one of the same size in place, and survives itself", T, float, double) {
    for (const std::size_t from : {0u, 1u, 17u, 64u})
        for (const std::size_t to : {0u, 1u, 17u, 64u}) {
            const auto source = counted<T>(from);
            rv::arena<T> target(to);
            const T* const place = target.data();
            target = source;
            CHECK(is_counted(target, from));
            if (from == to) CHECK(target.data() == place);
            auto& same = target;
            target = same;
            CHECK(is_counted(target, from));
        }
}

TEST_CASE_TEMPLATE("moving an arena takes its memory and leaves it empty", T, float, double) {
    auto source = counted<T>(33);
    const T* const place = source.data();
    rv::arena<T> moved(std::move(source));
    CHECK(moved.data() == place);
    CHECK(source.size() == 0);
    rv::arena<T> assigned(5);
    assigned = std::move(moved);
    CHECK(is_counted(assigned, 33));
    CHECK(moved.size() == 0);
    auto& same = assigned;
    assigned = std::move(same);
    CHECK(is_counted(assigned, 33));
    moved = assigned;  // a moved-from arena can be used again
    CHECK(is_counted(moved, 33));
    CHECK(std::is_nothrow_move_constructible_v<rv::arena<T>>);
    CHECK(std::is_nothrow_move_assignable_v<rv::arena<T>>);
}

TEST_CASE_TEMPLATE("resizing keeps what fits, and what is new is zero", T, float, double) {
    for (const std::size_t from : {0u, 1u, 16u, 33u})
        for (const std::size_t to : {0u, 1u, 15u, 100u}) {
            auto numbers = counted<T>(from);
            numbers.resize(to);
            REQUIRE(numbers.size() == to);
            for (std::size_t i = 0; i < to; ++i) REQUIRE(numbers.data()[i] == (i < from ? static_cast<T>(i + 1) : T(0)));
        }
}

TEST_CASE_TEMPLATE("a size whose bytes no memory can count is refused, and an arena that could not grow is as it was" *
                       doctest::skip(SANITIZED),
                   T, float, double) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    auto numbers = counted<T>(3);
    for (const std::size_t size : {most, most / sizeof(T) + 1, most / sizeof(T) + 2, most / sizeof(T) + 17}) {
        CAPTURE(size);
        CHECK_THROWS_AS(rv::arena<T>{size}, std::bad_alloc);
        CHECK_THROWS_AS(numbers.resize(size), std::bad_alloc);
        CHECK(is_counted(numbers, 3));
    }
}
