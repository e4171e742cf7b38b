// SPDX-License-Identifier: MIT
// What one iteration of a benchmark cannot do without. bench/report.py divides it by what limits.cpp measures: the share of the limit.
#pragma once

#include <cstddef>

namespace bench {

/// Of one iteration: every operand once, in whatever cache all of them fit.
struct work {
    double multiply_adds = 0;       // in float
    double eight_bit_products = 0;  // multiply-adds of 8-bit codes
    double bytes_read = 0;          // and not written
    double bytes_updated = 0;       // read and written in place
};

/// Counters that the report reads.
template <class State> void says(State& state, const work& once) {
    const auto say = [&](const char* name, double amount) {
        if (amount > 0) state.counters[name] = amount;
    };
    say("multiply_adds", once.multiply_adds);
    say("eight_bit_products", once.eight_bit_products);
    say("bytes_read", once.bytes_read);
    say("bytes_updated", once.bytes_updated);
}

/// Bytes of so many floats.
constexpr double float_bytes(std::size_t count) { return 4 * static_cast<double>(count); }

}  // namespace bench
