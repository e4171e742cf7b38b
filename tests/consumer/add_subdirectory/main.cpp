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
    return version == EXPECTED_VERSION ? 0 : 1;
}
