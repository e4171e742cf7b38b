// SPDX-License-Identifier: MIT
// Ranking 1,000 candidates, and a step of learning, by the width of the two hidden layers.
#include "sizes.hpp"

namespace {

template <std::size_t... Width> bool enrol() {
    (bench::enrol_rank<bench::sized<128, 128, Width, Width>>(1'000), ...);
    (bench::enrol_learn<bench::sized<128, 128, Width, Width>>(), ...);
    return true;
}

const bool enrolled = enrol<32, 64, 100, 256, 512, 1024>();

}  // namespace
