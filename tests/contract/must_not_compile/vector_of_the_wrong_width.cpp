// SPDX-License-Identifier: MIT
// An array whose length is known and not the width of a vector table is refused by the compiler.
// expect: the array's length is not the vector table's width
#include <rivulet/rivulet.hpp>

#include <array>

#ifdef RIVULET_SHOULD_COMPILE
const std::array<float, 4> numbers{};
#else
const std::array<float, 3> numbers{};
#endif
rivulet::vector_table<4> table;
const auto added = table.add(1, numbers);
