// SPDX-License-Identifier: MIT
// Everything a replay found, as plain data, and the three ways to put it out: a table, a JSON file, a page.
#pragma once

#include "latency.hpp"

#include "../shared/page.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace replay {

using namespace shared;

/// Means over judged events; shares lie between 0 and 1.
struct quality {
    std::uint64_t events = 0;
    double hit_rate = 0;
    double mrr = 0;
    double ndcg = 0;
};

struct ranker_report {
    std::string name;  // short: it labels a curve
    std::string note;  // one sentence
    quality whole;
    quality first_half;
    quality second_half;
    std::vector<double> hit_rate_curve;  // one value per full window of judged events; an incomplete last one is left out
    latency rank;
    latency learn;
};

/// Where each ranker stands in `report::rankers`: the outputs compare them by role.
namespace role {
enum index : std::size_t { popularity, frozen, learning };
}

struct recommendation {
    std::string title;
    std::string genres;  // as in the data, separated by '|'
    double score = 0;
    bool liked_later = false;  // the person went on to rate it 4 or more
};

struct person {
    std::string name;
    std::string note;  // one sentence, may be empty
    std::vector<std::string> recently_liked;
    std::vector<recommendation> before;  // at half time, by the ranker frozen there
    std::vector<recommendation> after;   // at the end, by the ranker that kept learning
};

struct report {
    std::string source;
    std::uint64_t ratings = 0;
    std::uint64_t users = 0;
    std::uint64_t items = 0;
    std::string first_day;
    std::string last_day;

    std::string judged_rule;  // which ratings are judged, to follow "Judged: "
    std::uint64_t judged_events = 0;
    std::uint64_t cutoff = 10;  // length of the judged lists
    std::uint64_t window = 0;   // judged events per value of a curve

    std::array<ranker_report, 3> rankers;  // indexed by role::index
    std::vector<person> people;

    std::vector<setting> settings;
    std::vector<std::string> reproduce;  // shell lines
    double seconds = 0;
    std::string rivulet_version;
    std::string compiler;
    std::string instruction_set;
};

/// What happened, in one sentence.
[[nodiscard]] std::string headline(const report& found);

/// How many times as often `ours` hit as `theirs` after half time; NaN if `theirs` never hit.
[[nodiscard]] double times_as_often(const ranker_report& ours, const ranker_report& theirs);

void print(const report& found, std::ostream& out);

// Both throw std::runtime_error, with the path and the reason, if the file cannot be written.
void write_json(const report& found, const std::filesystem::path& path);
void write_page(const report& found, const std::filesystem::path& path);

}  // namespace replay
