// SPDX-License-Identifier: MIT
// MovieLens 100K in time order: each rating is predicted, then learned, by a ladder of models from the mean to personal states. The models
// and their settings are in ratings/model.hpp.
#include "ratings/report.hpp"
#include "ratings/trial.hpp"
#include "shared/build.hpp"
#include "shared/command_line.hpp"
#include "shared/movielens.hpp"
#include "shared/progress.hpp"
#include "shared/text.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace stars;

struct options {
    std::filesystem::path data, json;
    std::vector<kind> models;
    std::size_t seeds = 10, limit = 0;
    bool new_users = false;
};

/// Every model from every seed; the models take turns, so that the time that is left is soon known.
report run(const options& wanted) {
    const auto start = std::chrono::steady_clock::now();
    movielens::archive data = movielens::read(wanted.data);
    if (wanted.limit && wanted.limit < data.ratings.size()) data.ratings.resize(wanted.limit);

    report found;
    found.ratings = data.ratings.size();
    found.users = data.users.size();
    found.films = data.films.size();
    found.seeds = wanted.seeds;
    const std::size_t passes = wanted.new_users ? steps.size() : 1;
    std::size_t work = 0;
    for (const kind model : wanted.models) {
        found.models.push_back({model, describe(model), {}, {}});
        work += relative_cost(model) * data.ratings.size() * passes * wanted.seeds;
    }
    shared::progress bar(work, {.lines = 20});
    std::size_t before = 0;
    for (std::size_t seed = 1; seed <= wanted.seeds; ++seed)
        for (model_report& model : found.models) {
            const std::size_t cost = relative_cost(model.model);
            const auto watch = [&](std::size_t done, double rmse) {
                bar.tick(before + cost * done, [&] {
                    return model.text.name + ", seed " + std::to_string(seed) + " of " + std::to_string(wanted.seeds) +
                           (rmse > 0 ? ", RMSE " + shared::fixed(rmse, 4) : std::string());
                });
            };
            if (wanted.new_users)
                model.new_users.push_back(run_newcomers(model.model, data, seed, watch));
            else
                model.trials.push_back(run_trial(model.model, data, seed, watch));
            before += cost * data.ratings.size() * passes;
        }
    bar.finish();
    found.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    found.rivulet_version = shared::rivulet_version();
    found.compiler = shared::compiler_name();
    found.instruction_set = rivulet::instructions;
    return found;
}

std::vector<kind> models_named(const std::string& name) {
    if (name == "all") return {ladder.begin(), ladder.end()};
    std::string names = "all";
    for (const kind model : ladder) {
        if (describe(model).name == name) return {model};
        names += ", " + describe(model).name;
    }
    throw shared::bad_input("--model: expected one of " + names + ", got \"" + shared::clean(name) + "\"");
}

/// What the command line asks for; nothing when it asked for help only. Throws bad_input.
std::optional<options> parse(int count, char** words) {
    using text = std::string;
    using number = std::size_t;
    shared::command_line known("ratings", "Predicts the ratings of MovieLens 100K in time order, each before it is learned.");
    known.option<text>("data", "the folder of u.data, u.item and u.user (default: ml-100k in $RIVULET_DATA)", "FOLDER")
        .option<text>("model", "all, mean, biases, factors, machine, states, full or both", "NAME", "all")
        .option<number>("seeds", "run from the seeds 1 to N", "N", "10")
        .option<number>("limit", "for a quick run: only the first N ratings", "N")
        .option<bool>("new-users", "instead: what is made of a tenth of the users, held out, after 0 to 32 of their ratings", "")
        .option<text>("json", "write the findings for machines", "FILE");
    constexpr const char* codes = "Exit codes: 0 done, 1 a step was refused or a file could not be written, 2 bad arguments or data.";
    return known.read(count, words, codes, [&](const shared::arguments& given) {
        const char* const all_data = std::getenv("RIVULET_DATA");
        if (!given.has("data") && (all_data == nullptr || *all_data == '\0'))
            throw shared::bad_input("--data FOLDER is missing, and so is RIVULET_DATA; --help lists the options");
        return options{.data = given.has("data") ? given.path("data") : std::filesystem::path(all_data) / "ml-100k",
                       .json = given.path("json"),
                       .models = models_named(given.get<text>("model")),
                       .seeds = given.from_one("seeds", 1000),
                       .limit = given.from_one("limit", 1'000'000'000),
                       .new_users = given.has("new-users")};
    });
}

/// The command again, without the names of folders and files, which are another machine's.
std::string command(const options& wanted) {
    std::string out = "sh examples/run.sh ratings --data FOLDER --seeds " + std::to_string(wanted.seeds);
    if (wanted.models.size() == 1) out += " --model " + describe(wanted.models.front()).name;
    if (wanted.new_users) out += " --new-users";
    if (wanted.limit) out += " --limit " + std::to_string(wanted.limit);
    return out;
}

}  // namespace

int main(int count, char** words) {
    return shared::run_program("ratings", [&] {
        const auto wanted = parse(count, words);
        if (!wanted) return;
        report found = run(*wanted);
        found.reproduce = command(*wanted);
        print(found, std::cout);
        if (!wanted->json.empty()) write_json(found, wanted->json);
    });
}
