// SPDX-License-Identifier: MIT
// Shows how a case is written: one file, its error in its own words, and the way it is meant to be.
// expect: a version does not go backwards
#include <rivulet/rivulet.hpp>

#ifdef RIVULET_SHOULD_COMPILE
constexpr int least = 0;
#else
constexpr int least = 1000;
#endif
static_assert(RIVULET_VERSION_MAJOR >= least, "a version does not go backwards");
