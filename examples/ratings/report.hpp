// SPDX-License-Identifier: MIT
// Everything that the passes found, as plain data, and the two ways to put it out: tables and a JSON file.
#pragma once

#include "trial.hpp"

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace stars {

struct model_report {
    kind model = kind::mean;
    model_text text;
    std::vector<trial> trials;         // one a seed; none where new users were asked for
    std::vector<newcomers> new_users;  // one a seed; none where they were not
};

struct report {
    std::size_t ratings = 0, users = 0, films = 0, seeds = 0;
    std::vector<model_report> models;
    std::string reproduce;
    double seconds = 0;
    std::string rivulet_version, compiler, instruction_set;
};

/// Over the seeds; the deviation is NaN for one.
struct summary {
    double mean = 0, deviation = 0;
};
[[nodiscard]] summary summarise(const std::vector<double>& numbers);

void print(const report& found, std::ostream& out);

/// Throws std::runtime_error, with the path and the reason, if the file cannot be written.
void write_json(const report& found, const std::filesystem::path& path);

}  // namespace stars
