// SPDX-License-Identifier: MIT
// What do users take next? Films of two streams, each ranked before it is learned, and areas of a site, learned from some users and ranked
// for others, by ladders of models from popularity to a pipeline of all that is known. The models and their settings are in
// taste/model.hpp.
#include "shared/build.hpp"
#include "shared/byte_stream.hpp"
#include "shared/command_line.hpp"
#include "shared/progress.hpp"
#include "shared/text.hpp"
#include "taste/report.hpp"
#include "taste/sets.hpp"
#include "taste/streams.hpp"
#include "taste/trial.hpp"
#include "taste/visits.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

namespace {

using namespace taste;

struct options {
    std::filesystem::path data, json;
    std::string set;
    std::size_t limit = 0;
    std::uint64_t seed = 1;
    bool wants(const char* name) const { return set == "all" || set == name; }
};

stream_report run(stream over, const options& wanted) {
    if (wanted.limit > 0 && wanted.limit < over.events.size()) over.events.resize(wanted.limit);
    stream_report found{over.name, over.events.size(), over.users.size(), over.films.size(), over.all_films_known, {}};
    std::size_t work = 0, before = 0;
    for (const kind model : ladder) work += relative_cost(model) * over.events.size();
    shared::progress bar(work, {.lines = 20});
    for (const kind model : ladder) {
        const model_text text = describe(model);
        const std::size_t cost = relative_cost(model);
        const auto watch = [&](std::size_t done, double recall) {
            bar.tick(before + cost * done, [&] { return over.name + ", " + text.name + ", recall " + shared::fixed(recall, 4); });
        };
        found.models.push_back({text, run_trial(model, over, wanted.seed, watch)});
        before += cost * over.events.size();
    }
    bar.finish();
    return found;
}

sets_report run(visits data, const options& wanted) {
    if (wanted.limit > 0 && wanted.limit < data.training.size()) data.training.resize(wanted.limit);
    sets_report found{data.areas, data.training.size(), data.test.size(), {}};
    shared::progress bar(data.training.size(), {.lines = 10});
    for (const set_model model : set_ladder)
        found.models.push_back({describe(model), run_sets(model, data, wanted.seed, [&](std::size_t done) {
                                    bar.tick(done, [&] { return "msweb, " + describe(model).name; });
                                })});
    bar.finish();
    return found;
}

report run(const options& wanted) {
    const auto start = std::chrono::steady_clock::now();
    report found;
    found.seed = wanted.seed;
    if (wanted.wants("ml-100k")) found.streams.push_back(run(read_movielens(wanted.data), wanted));
    if (wanted.wants("movietweetings")) found.streams.push_back(run(read_movietweetings(wanted.data), wanted));
    if (wanted.wants("msweb")) found.sets = run(read_visits(wanted.data), wanted);
    found.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    found.rivulet_version = shared::rivulet_version();
    found.compiler = shared::compiler_name();
    found.instruction_set = rivulet::instructions;
    return found;
}

/// What the command line asks for; nothing when it asked for help only. Throws bad_input.
std::optional<options> parse(int count, char** words) {
    using text = std::string;
    using number = std::size_t;
    constexpr number most = 1'000'000'000;
    shared::command_line known("taste", "Ranks films and areas that users take, before it learns that they do.");
    known.option<text>("data", "the folder of ml-100k, movietweetings and msweb (default: $RIVULET_DATA)", "FOLDER")
        .option<text>("set", "all, ml-100k, movietweetings or msweb", "NAME", "all")
        .option<number>("seed", "of first weights and of draws", "N", "1")
        .option<number>("limit", "for a quick run: only the first N ratings, or users who are learned from", "N")
        .option<text>("json", "write the findings for machines", "FILE");
    const text codes = text(shared::reads_gzip() ? "" : "This program was built without zlib: it reads unpacked files only.\n") +
                       "Exit codes: 0 done, 1 a step was refused or a file could not be written, 2 bad arguments or data.";
    return known.read(count, words, codes.c_str(), [&](const shared::arguments& given) {
        const char* const all_data = std::getenv("RIVULET_DATA");
        if (!given.has("data") && (all_data == nullptr || *all_data == '\0'))
            throw shared::bad_input("--data FOLDER is missing, and so is RIVULET_DATA; --help lists the options");
        const auto set = given.get<text>("set");
        if (set != "all" && set != "ml-100k" && set != "movietweetings" && set != "msweb")
            throw shared::bad_input("--set: expected one of all, ml-100k, movietweetings, msweb, got \"" + shared::clean(set) + "\"");
        return options{.data = given.has("data") ? given.path("data") : std::filesystem::path(all_data),
                       .json = given.path("json"),
                       .set = set,
                       .limit = given.from_one("limit", most),
                       .seed = given.from_one("seed", most)};
    });
}

/// The command again, without the names of folders and files, which are another machine's.
std::string command(const options& wanted) {
    std::string out = "sh examples/run.sh taste --data FOLDER --seed " + std::to_string(wanted.seed);
    if (wanted.set != "all") out += " --set " + wanted.set;
    if (wanted.limit > 0) out += " --limit " + std::to_string(wanted.limit);
    return out;
}

}  // namespace

int main(int count, char** words) {
    return shared::run_program("taste", [&] {
        const auto wanted = parse(count, words);
        if (!wanted) return;
        report found = run(*wanted);
        found.reproduce = command(*wanted);
        print(found, std::cout);
        if (!wanted->json.empty()) write_json(found, wanted->json);
    });
}
