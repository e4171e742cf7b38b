// SPDX-License-Identifier: MIT
// What a program was built with, for its reports.
#pragma once

#include <rivulet/rivulet.hpp>

#include <string>

namespace shared {

inline std::string compiler_name() {
#if defined(__clang__)
    return "clang " + std::to_string(__clang_major__);
#else
    return "g++ " + std::to_string(__GNUC__);
#endif
}

inline std::string rivulet_version() {
    return std::to_string(RIVULET_VERSION_MAJOR) + "." + std::to_string(RIVULET_VERSION_MINOR) + "." +
           std::to_string(RIVULET_VERSION_PATCH);
}

}  // namespace shared
