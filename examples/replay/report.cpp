// SPDX-License-Identifier: MIT
// The findings of a replay as an aligned table for people and as JSON for programs.
#include "report.hpp"

#include "../shared/report_file.hpp"
#include "../shared/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <string_view>
#include <utility>

namespace replay {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t max_name_width = 28;
constexpr std::size_t title_width = 46;

std::size_t name_width(const report& found) {
    std::size_t width = columns("judged events");
    for (const ranker_report& ranker : found.rankers) { width = std::max(width, columns(clean(ranker.name))); }
    return std::min(width, max_name_width);
}

std::string name_cell(std::string_view name, std::size_t width) { return left_aligned(shortened(clean(name), width), width); }

/// A title ruled over the `width` columns that belong to it.
std::string group_heading(std::string_view title, std::size_t width) {
    return ("   " + std::string(title) + " ").append(width - title.size() - 4, '-');
}

void print_quality(const report& found, std::size_t width, std::ostream& out) {
    const std::string hits = "hit@" + std::to_string(found.cutoff);
    out << left_aligned("", width) << group_heading("whole stream", 26) << group_heading("first half", 26)
        << group_heading("second half", 26) << '\n'
        << left_aligned("ranker", width);
    for (int part = 0; part < 3; ++part) { out << right_aligned(hits, 10) << right_aligned("MRR", 8) << right_aligned("NDCG", 8); }
    out << '\n';
    for (const ranker_report& ranker : found.rankers) {
        out << name_cell(ranker.name, width);
        for (const quality* part : {&ranker.whole, &ranker.first_half, &ranker.second_half}) {
            out << right_aligned(percent(part->hit_rate, 2), 10) << right_aligned(fixed(part->mrr, 4), 8)
                << right_aligned(fixed(part->ndcg, 4), 8);
        }
        out << '\n';
    }
    out << left_aligned("judged events", width);
    const ranker_report& any = found.rankers[role::learning];
    for (const quality* part : {&any.whole, &any.first_half, &any.second_half}) {
        out << right_aligned(grouped(part->events), part == &any.whole ? 10 : 26);
    }
    out << "\n\n";
}

void print_speed(const report& found, std::size_t width, std::ostream& out) {
    out << left_aligned("", width) << group_heading("rank", 40) << group_heading("learn", 40) << '\n' << left_aligned("ranker", width);
    for (int part = 0; part < 2; ++part) {
        for (const char* column : {"p50", "p99", "p99.9", "max"}) { out << right_aligned(column, 10); }
    }
    out << '\n';
    for (const ranker_report& ranker : found.rankers) {
        out << name_cell(ranker.name, width);
        for (const latency* part : {&ranker.rank, &ranker.learn}) {
            for (const double microseconds : {part->p50_us, part->p99_us, part->p999_us, part->max_us}) {
                out << right_aligned(part->count > 0 ? readable_time(microseconds) : "-", 10);
            }
        }
        out << '\n';
    }
    out << '\n';
}

std::string numbered(const std::vector<recommendation>& list, std::size_t i) {
    if (i >= list.size()) { return {}; }
    return shortened((list[i].liked_later ? "* " : "  ") + clean(list[i].title), title_width);
}

void print_person(const person& who, std::ostream& out) {
    out << clean(who.name);
    if (!who.note.empty()) { out << ": " << clean(who.note); }
    out << '\n';
    if (!who.recently_liked.empty()) {
        out << "  recently liked: ";
        for (std::size_t i = 0; i < who.recently_liked.size(); ++i) { out << (i > 0 ? "; " : "") << clean(who.recently_liked[i]); }
        out << '\n';
    }
    out << "  " << left_aligned("  at half time, frozen", title_width) << "    at the end, learning\n";
    for (std::size_t i = 0; i < std::max(who.before.size(), who.after.size()); ++i) {
        out << "  " << left_aligned(numbered(who.before, i), title_width) << "  " << numbered(who.after, i) << '\n';
    }
    const auto marked = [](const recommendation& item) { return item.liked_later; };
    if (std::any_of(who.before.begin(), who.before.end(), marked) || std::any_of(who.after.begin(), who.after.end(), marked)) {
        out << "  * went on to rate it 4 or more\n";
    }
    out << '\n';
}

json to_json(const quality& part) {
    return {{"events", part.events}, {"hit_rate", rounded(part.hit_rate)}, {"mrr", rounded(part.mrr)}, {"ndcg", rounded(part.ndcg)}};
}

void add_latency(json& out, const std::string& name, const latency& part) {
    out[name + "_calls"] = part.count;
    out[name + "_mean_us"] = rounded(part.mean_us);
    out[name + "_p50_us"] = rounded(part.p50_us);
    out[name + "_p99_us"] = rounded(part.p99_us);
    out[name + "_p999_us"] = rounded(part.p999_us);
    out[name + "_max_us"] = rounded(part.max_us);
    json& bins = out[name + "_histogram"] = json::array();
    for (const latency_bin& bin : part.bins) {
        bins.push_back({{"from_us", rounded(bin.from_us)}, {"to_us", rounded(bin.to_us)}, {"calls", bin.count}});
    }
}

json to_json(const std::vector<recommendation>& list) {
    json out = json::array();
    for (const recommendation& item : list) {
        out.push_back({{"title", item.title}, {"genres", item.genres}, {"score", rounded(item.score)}, {"liked_later", item.liked_later}});
    }
    return out;
}

json to_json(const ranker_report& ranker, std::string_view role) {
    json out = {{"role", role}, {"name", ranker.name}, {"note", ranker.note}};
    out["whole"] = to_json(ranker.whole);
    out["first_half"] = to_json(ranker.first_half);
    out["second_half"] = to_json(ranker.second_half);
    json& curve = out["hit_rate_curve"] = json::array();
    for (const double value : ranker.hit_rate_curve) { curve.push_back(rounded(value)); }
    add_latency(out, "rank", ranker.rank);
    add_latency(out, "learn", ranker.learn);
    return out;
}

}  // namespace

double times_as_often(const ranker_report& ours, const ranker_report& theirs) {
    const double other = theirs.second_half.hit_rate;
    return other > 0 ? ours.second_half.hit_rate / other : std::numeric_limits<double>::quiet_NaN();
}

std::string headline(const report& found) {
    const double over_frozen = times_as_often(found.rankers[role::learning], found.rankers[role::frozen]);
    const double over_popularity = times_as_often(found.rankers[role::learning], found.rankers[role::popularity]);
    if (std::isnan(over_frozen) || std::isnan(over_popularity)) {
        return "After half time, the recommender that kept learning was right in " +
               percent(found.rankers[role::learning].second_half.hit_rate) + " of the judged events.";
    }
    return "After half time, the recommender that kept learning was right " + multiple(over_frozen) +
           " times as often as its frozen twin, and " + multiple(over_popularity) + " times as often as plain popularity.";
}

void print(const report& found, std::ostream& out) {
    const std::size_t width = name_width(found);
    out << clean(found.source) << ": " << grouped(found.ratings) << " ratings, " << grouped(found.users) << " users, "
        << grouped(found.items) << " items, " << clean(found.first_day) << " to " << clean(found.last_day) << '\n';
    if (!found.judged_rule.empty()) { out << "judged: " << clean(found.judged_rule) << '\n'; }
    out << '\n';
    print_quality(found, width, out);
    print_speed(found, width, out);
    for (const person& who : found.people) { print_person(who, out); }
    out << headline(found) << '\n'
        << fixed(found.seconds, 1) << " s, rivulet " << clean(found.rivulet_version) << ", " << clean(found.compiler) << ", "
        << clean(found.instruction_set) << '\n';
}

void write_json(const report& found, const std::filesystem::path& path) {
    json out = {{"format", 1}, {"headline", headline(found)}};
    out["source"] = found.source;
    out["ratings"] = found.ratings;
    out["users"] = found.users;
    out["items"] = found.items;
    out["first_day"] = found.first_day;
    out["last_day"] = found.last_day;
    out["judged_rule"] = found.judged_rule;
    out["judged_events"] = found.judged_events;
    out["cutoff"] = found.cutoff;
    out["window_events"] = found.window;
    const ranker_report& ours = found.rankers[role::learning];
    out["learning_vs_frozen_ratio"] = rounded(times_as_often(ours, found.rankers[role::frozen]));
    out["learning_vs_popularity_ratio"] = rounded(times_as_often(ours, found.rankers[role::popularity]));
    static constexpr std::array<std::string_view, 3> roles{"popularity", "frozen", "learning"};
    for (std::size_t which = 0; which < roles.size(); ++which) { out["rankers"].push_back(to_json(found.rankers[which], roles[which])); }
    json& people = out["people"] = json::array();
    for (const person& who : found.people) {
        people.push_back({{"name", who.name}, {"note", who.note}, {"recently_liked", who.recently_liked}});
        people.back()["before"] = to_json(who.before);
        people.back()["after"] = to_json(who.after);
    }
    json& settings = out["settings"] = json::array();
    for (const setting& line : found.settings) { settings.push_back({{"name", line.name}, {"value", line.value}}); }
    write_report(std::move(out), found, path);
}

}  // namespace replay
