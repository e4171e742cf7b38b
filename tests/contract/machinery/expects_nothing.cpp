// SPDX-License-Identifier: MIT
// Red on purpose: does not say what it expects.
#ifndef RIVULET_SHOULD_COMPILE
static_assert(sizeof(char) == 2, "some words");
#endif
