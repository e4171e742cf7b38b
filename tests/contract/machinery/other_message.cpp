// SPDX-License-Identifier: MIT
// Red on purpose: fails to compile, but in other words than it announces; that the failing line holds those words must not count.
// expect: announced words
#ifndef RIVULET_SHOULD_COMPILE
static_assert(sizeof(char) == 2, "other words");  // announced words
#endif
