// SPDX-License-Identifier: MIT
// The findings as aligned tables for people and as JSON for programs.
#include "report.hpp"

#include "../shared/report_file.hpp"
#include "../shared/text.hpp"

#include <nlohmann/json.hpp>

#include <ostream>
#include <utility>

namespace taste {

using namespace shared;

namespace {

using json = nlohmann::ordered_json;

double pace(const trial& one, std::size_t events) { return one.seconds > 0 ? static_cast<double>(events) / one.seconds : 0; }

std::string given(std::size_t count) { return count > 0 ? "given " + std::to_string(count) : "all but 1"; }

void print(const stream_report& found, std::ostream& out) {
    const tally& judged = found.models.front().found.all;
    out << found.name << ": " << grouped(found.events) << " ratings of " << grouped(found.films) << " films by " << grouped(found.users)
        << " users in time order; " << grouped(judged.count) << " of films liked";
    if (!found.all_films_known)
        out << ", of which nobody had rated\nthe film before in " << grouped(judged.count - found.models.front().found.known.count)
            << ": missed by all, and left out in \"known\"";
    out << '\n';
    for (const auto& model : found.models) out << "  " << left_aligned(model.text.name, 10) << model.text.note << '\n';
    out << '\n'
        << left_aligned("model", 10) << right_aligned("recall@10", 11) << right_aligned("NDCG@10", 9) << right_aligned("2nd half", 10)
        << right_aligned("NDCG@10", 9);
    if (!found.all_films_known) out << right_aligned("known", 9) << right_aligned("NDCG@10", 9);
    out << right_aligned("events/s", 10) << right_aligned("bytes", 13) << '\n';
    for (const auto& [text, one] : found.models) {
        out << left_aligned(text.name, 10) << right_aligned(fixed(one.all.recall(), 4), 11) << right_aligned(fixed(one.all.ndcg(), 4), 9)
            << right_aligned(fixed(one.second_half.recall(), 4), 10) << right_aligned(fixed(one.second_half.ndcg(), 4), 9);
        if (!found.all_films_known) out << right_aligned(fixed(one.known.recall(), 4), 9) << right_aligned(fixed(one.known.ndcg(), 4), 9);
        out << right_aligned(grouped(static_cast<std::uint64_t>(pace(one, found.events))), 10) << right_aligned(grouped(one.bytes), 13)
            << '\n';
    }
    out << '\n';
}

void print(const sets_report& found, std::ostream& out) {
    out << "msweb: " << grouped(found.areas) << " areas; learned from " << grouped(found.training) << " users, judged by "
        << grouped(found.test) << " others: rank score, half life 5\n";
    for (const auto& model : found.models) out << "  " << left_aligned(model.text.name, 10) << model.text.note << '\n';
    out << '\n' << left_aligned("model", 10);
    for (const std::size_t count : givens) out << right_aligned(given(count), 11);
    out << right_aligned("seconds", 10) << right_aligned("bytes", 13) << '\n';
    for (const auto& [text, one] : found.models) {
        out << left_aligned(text.name, 10);
        for (const double score : one.score) out << right_aligned(fixed(score, 2), 11);
        out << right_aligned(fixed(one.seconds, 1), 10) << right_aligned(grouped(one.bytes), 13) << '\n';
    }
    out << left_aligned("users", 10);
    for (const std::size_t users : found.models.front().found.users) out << right_aligned(grouped(users), 11);
    out << "\n\n";
}

json to_json(const tally& one) {
    return {{"judged", one.count}, {"recall_at_10", rounded(one.recall())}, {"ndcg_at_10", rounded(one.ndcg())}};
}

json to_json(const stream_report& found) {
    json out = {{"name", found.name}, {"events", found.events}, {"users", found.users}, {"films", found.films}};
    json& models = out["models"] = json::array();
    for (const auto& [text, one] : found.models)
        models.push_back({{"name", text.name},
                          {"note", text.note},
                          {"signature", text.signature},
                          {"all", to_json(one.all)},
                          {"second_half", to_json(one.second_half)},
                          {"known_films", to_json(one.known)},
                          {"events_per_second", rounded(pace(one, found.events))},
                          {"bytes", one.bytes}});
    return out;
}

json to_json(const sets_report& found) {
    json out = {{"name", "msweb"}, {"areas", found.areas}, {"training_users", found.training}, {"test_users", found.test}};
    json& models = out["models"] = json::array();
    for (const auto& [text, one] : found.models) {
        json& model = models.emplace_back(json{{"name", text.name}, {"note", text.note}});
        json& scores = model["rank_score"] = json::array();
        for (std::size_t g = 0; g < givens.size(); ++g)
            scores.push_back({{"given", given(givens[g])}, {"users", one.users[g]}, {"score", rounded(one.score[g])}});
        model["seconds"] = rounded(one.seconds);
        model["bytes"] = one.bytes;
    }
    return out;
}

}  // namespace

void print(const report& found, std::ostream& out) {
    out << "taste: each film that a user likes is ranked among all others before it is learned; seed " << found.seed << "\n\n";
    for (const stream_report& one : found.streams) print(one, out);
    if (!found.sets.models.empty()) print(found.sets, out);
    out << fixed(found.seconds, 1) << " s, rivulet " << found.rivulet_version << ", " << found.compiler << ", " << found.instruction_set
        << '\n';
}

void write_json(const report& found, const std::filesystem::path& path) {
    json out = {{"format", 1}, {"seed", found.seed}};
    json& streams = out["streams"] = json::array();
    for (const stream_report& one : found.streams) streams.push_back(to_json(one));
    if (!found.sets.models.empty()) out["sets"] = to_json(found.sets);
    write_report(std::move(out), found, path);
}

}  // namespace taste
