// SPDX-License-Identifier: MIT
// The end of every report for machines: how to get it again, how long it took, what it was built with; and writing it to a file.
#pragma once

#include "text.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>

namespace shared {

/// Six places say more than the data can, and keep the file readable.
inline double rounded(double number) { return std::round(number * 1e6) / 1e6; }

/// `report`: has reproduce, seconds, rivulet_version, compiler and instruction_set. Throws as write_file does.
template <class Report> void write_report(nlohmann::ordered_json out, const Report& report, const std::filesystem::path& path) {
    using json = nlohmann::ordered_json;
    out["reproduce"] = report.reproduce;
    out["duration_s"] = rounded(report.seconds);
    out["rivulet_version"] = report.rivulet_version;
    out["compiler"] = report.compiler;
    out["instruction_set"] = report.instruction_set;
    write_file(path, out.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace shared
