// SPDX-License-Identifier: MIT
// Appending to a feedback log allocates nothing after it was opened, also when it syncs, rotates or is refused.
#include <doctest/doctest.h>

#if __has_include(<sys/file.h>)
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>

#include <rivulet/persist/feedback_log.hpp>
#include <rivulet/persist/posix_files.hpp>

#include "../counting_new.hpp"
#include "../persist/scratch_folder.hpp"

namespace rv = rivulet;

TEST_CASE("append and sync allocate nothing") {
    const test::scratch_folder scratch("log-no-allocation");
    rv::posix_files files;
    rv::feedback_log log(files,
                         {.directory = scratch.path().string(),
                          .sync = rv::sync_group(50, 0),
                          .largest_record = 1000,
                          .file_bytes = 4000,
                          .buffer_bytes = 2000},
                         {}, rv::detail::ignore{});
    const std::array<std::byte, 100> payload{};
    const std::string first = log.path();
    const std::size_t before = test::allocations;
    bool good = true;
    for (int i = 0; i < 200; ++i) good = static_cast<bool>(log.append(1, payload)) && good;
    good = static_cast<bool>(log.sync()) && good;
    const bool refused = !log.append(0, payload) && !log.append(1, {});
    CHECK(test::allocations == before);
    CHECK(good);
    CHECK(refused);
    CHECK(log.path() != first);
    CHECK(log.acknowledged() == 200);
    static_assert(noexcept(log.append(1, payload))&& noexcept(log.sync())&& noexcept(log.sync_if_due()));
}
#endif
