// SPDX-License-Identifier: MIT
// The recommender in a unit that knows of no table, whatever the executable links.
#undef RIVULET_KERNELS
#include "recommender.hpp"

static_assert(!rivulet::through_table);

ranked_items ranked_header_only() { return ranked_after_learning(); }
