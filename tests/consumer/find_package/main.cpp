// SPDX-License-Identifier: MIT
// A host that includes rivulet and checks that it got the version it was promised.
#include <rivulet/rivulet.hpp>

#include <cstdio>
#include <string>

static_assert(__cplusplus > 201703L, "linking rivulet asks for C++20, whatever the host is set to");

int main() {
    const std::string version =
        std::to_string(RIVULET_VERSION_MAJOR) + '.' + std::to_string(RIVULET_VERSION_MINOR) + '.' + std::to_string(RIVULET_VERSION_PATCH);
    std::printf("rivulet %s, C++ %ld\n", version.c_str(), static_cast<long>(__cplusplus));
    if constexpr (rivulet::through_table) {  // the host is built for any processor, and what it computes is not
        const float x[3] = {1, 2, 3};
        if (rivulet::math::dot(x, x, 3) != 14) return 1;
        std::printf("kernels for %s\n", rivulet::kernels::in_use().instructions);
    }
    return version == EXPECTED_VERSION ? 0 : 1;
}
