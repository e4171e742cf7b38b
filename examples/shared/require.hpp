// SPDX-License-Identifier: MIT
// A refused step ends the run.
#pragma once

#include <rivulet/rivulet.hpp>

#include <stdexcept>

namespace shared {

inline void require(const rivulet::status& result) {
    if (!result) throw std::runtime_error(result.message());
}

}  // namespace shared
