// SPDX-License-Identifier: MIT
// A mask says which rows are there: of a sequence, or of a feature that may be missing.
// expect: is for a context_sequence or an optional feature
#include <rivulet/rivulet.hpp>

#include <vector>

struct price : rivulet::candidate<4> {};
struct poster : rivulet::optional<rivulet::candidate<4>> {};

#ifdef RIVULET_SHOULD_COMPILE
using feature = poster;
#else
using feature = price;
#endif
const std::vector<float> rows(8);
const std::vector<std::uint8_t> has{1, 0};
const auto view = rivulet::with<feature>(rows, has);
