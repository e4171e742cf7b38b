// SPDX-License-Identifier: MIT
// Red on purpose: fails to compile even where it should.
// expect: these words
static_assert(sizeof(char) == 2, "these words");
