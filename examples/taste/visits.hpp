// SPDX-License-Identifier: MIT
// The Anonymous Microsoft Web Data: which areas of a site each user visited. Sets: the order inside a user means nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace taste {

using area_set = std::vector<std::uint32_t>;

struct visits {
    std::size_t areas = 0;
    std::vector<area_set> training, test;  // areas of each user, numbered from 0
};

/// FOLDER/msweb: anonymous-msweb.data and anonymous-msweb.test, or either with .gz. Throws bad_input, with file, line, what was expected,
/// what was got.
[[nodiscard]] visits read_visits(const std::filesystem::path& folder);

}  // namespace taste
