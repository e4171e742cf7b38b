// SPDX-License-Identifier: MIT
// The findings as aligned tables for people and as JSON for programs.
#include "report.hpp"

#include "../shared/report_file.hpp"
#include "../shared/text.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <ostream>
#include <utility>

namespace stars {

using namespace shared;

namespace {

using json = nlohmann::ordered_json;

template <class Trial, class F> summary over(const std::vector<Trial>& trials, F&& number) {
    std::vector<double> numbers;
    for (const Trial& one : trials) numbers.push_back(number(one));
    return summarise(numbers);
}
summary rmse(const model_report& model) {
    return over(model.trials, [](const trial& one) { return one.rmse; });
}
summary mae(const model_report& model) {
    return over(model.trials, [](const trial& one) { return one.mae; });
}
/// The ratings predicted and learned in a second.
double pace(const model_report& model, const report& found) {
    const double seconds = over(model.trials, [](const trial& one) { return one.seconds; }).mean;
    return seconds > 0 ? static_cast<double>(found.ratings) / seconds : 0;
}
summary alone(const model_report& model, std::size_t step) {
    return over(model.new_users, [step](const newcomers& one) { return one.alone[step]; });
}
summary again(const model_report& model, std::size_t step) {
    return over(model.new_users, [step](const newcomers& one) { return one.again[step]; });
}

void print_ladder(const report& found, std::ostream& out) {
    out << left_aligned("model", 10) << right_aligned("RMSE", 8) << right_aligned("+-", 8) << right_aligned("MAE", 8)
        << right_aligned("+-", 8) << right_aligned("events/s", 12) << right_aligned("bytes", 12) << '\n';
    for (const model_report& model : found.models)
        out << left_aligned(model.text.name, 10) << right_aligned(fixed(rmse(model).mean, 4), 8)
            << right_aligned(fixed(rmse(model).deviation, 4), 8) << right_aligned(fixed(mae(model).mean, 4), 8)
            << right_aligned(fixed(mae(model).deviation, 4), 8)
            << right_aligned(grouped(static_cast<std::uint64_t>(pace(model, found))), 12)
            << right_aligned(grouped(model.trials.front().bytes), 12) << '\n';
}

void print_newcomers(const report& found, std::ostream& out) {
    out << "new users: a tenth, held out; RMSE of their ratings after the first " << steps.back()
        << ", once so many of their first ones\nwere learned one at a time (one), or everything again from the start (all)\n\n"
        << left_aligned("ratings", 10);
    for (const model_report& model : found.models) out << right_aligned(model.text.name + ": one", 16) << right_aligned("all", 8);
    out << '\n';
    for (std::size_t step = 0; step < steps.size(); ++step) {
        out << left_aligned(std::to_string(steps[step]), 10);
        for (const model_report& model : found.models)
            out << right_aligned(fixed(alone(model, step).mean, 4), 16) << right_aligned(fixed(again(model, step).mean, 4), 8);
        out << '\n';
    }
}

json known(double number) { return std::isfinite(number) ? json(rounded(number)) : json(); }

json to_json(const model_report& model, const report& found) {
    json out = {{"name", model.text.name}, {"note", model.text.note}, {"signature", model.text.signature}};
    if (!model.trials.empty()) {
        out["rmse"] = {{"mean", known(rmse(model).mean)}, {"standard_deviation", known(rmse(model).deviation)}};
        out["mae"] = {{"mean", known(mae(model).mean)}, {"standard_deviation", known(mae(model).deviation)}};
        out["events_per_second"] = known(pace(model, found));
        out["bytes"] = model.trials.front().bytes;
        json& seeds = out["seeds"] = json::array();
        for (const trial& one : model.trials)
            seeds.push_back(
                {{"seed", one.seed}, {"rmse", rounded(one.rmse)}, {"mae", rounded(one.mae)}, {"seconds", rounded(one.seconds)}});
    }
    if (!model.new_users.empty()) {
        json& rows = out["new_users"] = json::array();
        for (std::size_t step = 0; step < steps.size(); ++step)
            rows.push_back(
                {{"learned", steps[step]}, {"rmse_alone", known(alone(model, step).mean)}, {"rmse_again", known(again(model, step).mean)}});
        json& seeds = out["new_user_seeds"] = json::array();
        for (const newcomers& one : model.new_users) seeds.push_back({{"seed", one.seed}, {"users", one.users}, {"ratings", one.ratings}});
    }
    return out;
}

}  // namespace

summary summarise(const std::vector<double>& numbers) {
    const auto count = static_cast<double>(numbers.size());
    summary found;
    for (const double number : numbers) found.mean += number / count;
    double squares = 0;
    for (const double number : numbers) squares += std::pow(number - found.mean, 2);
    found.deviation = numbers.size() > 1 ? std::sqrt(squares / (count - 1)) : std::numeric_limits<double>::quiet_NaN();
    return found;
}

void print(const report& found, std::ostream& out) {
    out << "ratings: " << grouped(found.ratings) << " ratings of " << grouped(found.films) << " films by " << grouped(found.users)
        << " users in time order, " << found.seeds << (found.seeds == 1 ? " seed" : " seeds") << "; each is predicted, then learned\n";
    for (const model_report& model : found.models) out << "  " << left_aligned(model.text.name, 10) << model.text.note << '\n';
    out << '\n';
    if (!found.models.front().trials.empty()) print_ladder(found, out);
    if (!found.models.front().new_users.empty()) print_newcomers(found, out);
    out << '\n'
        << fixed(found.seconds, 1) << " s, rivulet " << found.rivulet_version << ", " << found.compiler << ", " << found.instruction_set
        << '\n';
}

void write_json(const report& found, const std::filesystem::path& path) {
    json out = {{"format", 1}, {"ratings", found.ratings}, {"users", found.users}, {"films", found.films}, {"seeds", found.seeds}};
    json& models = out["models"] = json::array();
    for (const model_report& model : found.models) models.push_back(to_json(model, found));
    write_report(std::move(out), found, path);
}

}  // namespace stars
