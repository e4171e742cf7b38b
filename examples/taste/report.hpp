// SPDX-License-Identifier: MIT
// Everything that the passes found, as plain data, and the two ways to put it out: tables and a JSON file.
#pragma once

#include "sets.hpp"
#include "trial.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace taste {

struct stream_report {
    std::string name;
    std::size_t events = 0, users = 0, films = 0;
    bool all_films_known = false;
    struct row {
        model_text text;
        trial found;
    };
    std::vector<row> models;
};

struct sets_report {
    std::size_t areas = 0, training = 0, test = 0;  // users
    struct row {
        set_text text;
        set_trial found;
    };
    std::vector<row> models;  // none where the sets were not asked for
};

struct report {
    std::uint64_t seed = 1;
    std::vector<stream_report> streams;
    sets_report sets;
    std::string reproduce;
    double seconds = 0;
    std::string rivulet_version, compiler, instruction_set;
};

void print(const report& found, std::ostream& out);

/// Throws std::runtime_error, with the path and the reason, if the file cannot be written.
void write_json(const report& found, const std::filesystem::path& path);

}  // namespace taste
