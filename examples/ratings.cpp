// SPDX-License-Identifier: MIT
// MovieLens 100K in time order: each rating is predicted, then learned, by a ladder of models from the mean to personal states. The models
// and their settings are in ratings/model.hpp.
#include "ratings/report.hpp"
#include "ratings/trial.hpp"
#include "shared/bad_input.hpp"
#include "shared/build.hpp"
#include "shared/movielens.hpp"
#include "shared/progress.hpp"
#include "shared/text.hpp"

#include <cxxopts.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
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
    cxxopts::Options known("ratings", "Predicts the ratings of MovieLens 100K in time order, each before it is learned.");
    auto add = [to = known.add_options()](const char* name, const char* about, std::shared_ptr<cxxopts::Value> value,
                                          const char* shown) mutable { to(name, about, value, shown); };
    add("data", "the folder of u.data, u.item and u.user (default: ml-100k in $RIVULET_DATA)", cxxopts::value<text>(), "FOLDER");
    add("model", "all, mean, biases, factors, machine, states, full or both", cxxopts::value<text>()->default_value("all"), "NAME");
    add("seeds", "run from the seeds 1 to N", cxxopts::value<number>()->default_value("10"), "N");
    add("limit", "for a quick run: only the first N ratings", cxxopts::value<number>(), "N");
    add("new-users", "instead: what is made of a tenth of the users, held out, after 0 to 32 of their ratings", cxxopts::value<bool>(), "");
    add("json", "write the findings for machines", cxxopts::value<text>(), "FILE");
    add("help", "show this", cxxopts::value<bool>(), "");
    try {
        const auto given = known.parse(count, words);
        if (given.count("help")) {
            std::cout << known.help()
                      << "\nExit codes: 0 done, 1 a step was refused or a file could not be written, 2 bad arguments or data.\n";
            return std::nullopt;
        }
        if (!given.unmatched().empty())
            throw shared::bad_input("expected options only, got \"" + shared::clean(given.unmatched().front()) + "\"; --help lists them");
        const char* const all_data = std::getenv("RIVULET_DATA");
        if (!given.count("data") && (all_data == nullptr || *all_data == '\0'))
            throw shared::bad_input("--data FOLDER is missing, and so is RIVULET_DATA; --help lists the options");
        const auto from_one = [&](const char* name, std::size_t most) {
            const auto value = given[name].as<number>();
            if (value < 1 || value > most)
                throw shared::bad_input("--" + text(name) + ": expected 1 to " + shared::grouped(most) + ", got " + shared::grouped(value));
            return value;
        };
        return options{.data = given.count("data") ? std::filesystem::path(given["data"].as<text>())
                                                   : std::filesystem::path(all_data) / "ml-100k",
                       .json = given.count("json") ? given["json"].as<text>() : "",
                       .models = models_named(given["model"].as<text>()),
                       .seeds = from_one("seeds", 1000),
                       .limit = given.count("limit") ? from_one("limit", 1'000'000'000) : 0,
                       .new_users = given.count("new-users") > 0};
    } catch (const shared::bad_input&) {
        throw;
    } catch (const std::exception& refused) {  // the library's own types have changed their names
        throw shared::bad_input(refused.what());
    }
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
    try {
        const auto wanted = parse(count, words);
        if (!wanted) return 0;
        report found = run(*wanted);
        found.reproduce = command(*wanted);
        print(found, std::cout);
        if (!wanted->json.empty()) write_json(found, wanted->json);
        return 0;
    } catch (const shared::bad_input& refused) {
        std::cerr << "ratings: " << refused.what() << '\n';
        return 2;
    } catch (const std::exception& failed) {
        std::cerr << "ratings: " << failed.what() << '\n';
        return 1;
    }
}
