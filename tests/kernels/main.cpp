// SPDX-License-Identifier: MIT
// Runs all tests of this executable once for each instruction set that this processor has.
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>

#include <doctest/doctest.h>
#include <rivulet/math/kernels.hpp>

namespace kernels = rivulet::kernels;

int main(int argc, char** argv) {
    const kernels::table* tables[8];
    const std::size_t count = kernels::available(tables, 8);
    int failed = 0;
    for (std::size_t i = 0; i < count; ++i) {
        std::printf("---- kernels for %s\n", tables[i]->instructions);
        kernels::use(*tables[i]);
        doctest::Context context(argc, argv);
        failed |= context.run();
        if (context.shouldExit()) break;
    }
    return failed;
}
