// SPDX-License-Identifier: MIT
// The findings as one self-contained HTML page.
#include "report.hpp"

#include "../shared/text.hpp"
#include "page_style.hpp"
#include "picture.hpp"

#include <cmath>

namespace mnist {

namespace {

/// The recommender first, whichever was trained first.
std::vector<const model_report*> in_order(const report& found) {
    std::vector<const model_report*> out;
    for (const kind model : {kind::pairwise, kind::softmax})
        for (const model_report& one : found.models)
            if (one.model == model) out.push_back(&one);
    return out;
}

std::string page_header(const report& found) {
    std::string out = element("p class=\"kicker\"", "rivulet mnist");
    out += element("h1", html(headline(found)));
    out += element("p", grouped(found.training_images) + " images of handwritten digits to learn from, " + grouped(found.test_images) +
                            " others to read, " + std::to_string(found.settings.epochs) +
                            (found.settings.epochs == 1 ? " epoch. " : " epochs. ") + selection(found));
    std::string cards;
    for (const model_report* model : in_order(found)) {
        const summary all = summarise(*model);
        std::string seeds;
        for (const trial& one : model->trials) seeds.append(seeds.empty() ? "" : ", ").append(percent(one.epochs.back().accuracy, 2));
        const bool several = model->trials.size() > 1;
        cards += element(
            "div class=\"" + model->text.name + "\"",
            element("dt", html(model->text.name)) + element("dd class=\"value\"", percent(all.mean, 2)) +
                element("dd", several ? "mean of " + seeds_text(*model) + ": " + seeds + "; standard deviation " + percent(all.deviation, 2)
                                      : seeds_text(*model)) +
                element("dd", fixed(all.seconds_per_epoch, 2) + " s an epoch"));
    }
    out += element("dl class=\"figures\"", cards);
    for (const model_report* model : in_order(found))
        out += element("p class=\"quiet\"", "<strong>" + html(model->text.name) + "</strong>: " + html(model->text.note));
    return element("header", out);
}

std::string epoch_table(const report& found) {
    std::string head = "<th scope=\"col\" rowspan=\"2\">Epoch</th>", second;
    for (const model_report* model : in_order(found)) {
        head += "<th scope=\"colgroup\" colspan=\"2\">" + html(model->text.name) + "</th>";
        second += "<th scope=\"col\">Loss</th><th scope=\"col\">Accuracy</th>";
    }
    std::string rows;
    for (std::size_t e = 0; e < found.settings.epochs; ++e) {
        std::string row = element("th scope=\"row\"", std::to_string(e + 1));
        for (const model_report* model : in_order(found)) {
            const epoch_found here = mean_epochs(*model)[e];
            row += element("td", fixed(here.loss, 5)) + element("td", percent(here.accuracy, 2));
        }
        rows += element("tr", row);
    }
    const std::string caption =
        element("caption", "Means of the seeds. The loss is of the training images; those of the two models are not of one kind.");
    return element("table", caption + element("thead", element("tr", head) + element("tr", second)) + element("tbody", rows));
}

std::string epoch_section(const report& found) {
    const std::string seeds = seeds_text(found.models[0]);
    const std::string caption = found.models[0].trials.size() > 1 ? "Thin: one seed each. Thick: their mean." : "From " + seeds + ".";
    return element("section", element("h2", "Test accuracy by epoch") +
                                  element("figure", accuracy_chart(found, layout::wide) + accuracy_chart(found, layout::narrow) +
                                                        element("figcaption", caption)) +
                                  element("div class=\"scroll\"", epoch_table(found)));
}

std::string confusion_section(const model_report& model) {
    const confusion_table table = all_confusions(model);
    std::uint64_t largest = 1;
    for (std::size_t truth = 0; truth < 10; ++truth)
        for (std::size_t said = 0; said < 10; ++said)
            if (truth != said) largest = std::max(largest, table[truth][said]);
    std::string head = element("th scope=\"col\" aria-label=\"digit\"", "");
    for (int said = 0; said < 10; ++said) head += element("th scope=\"col\"", std::to_string(said));
    head += element("th scope=\"col\"", "right");
    std::string rows;
    for (std::size_t truth = 0; truth < 10; ++truth) {
        std::string row = element("th scope=\"row\"", std::to_string(truth));
        std::uint64_t all = 0;
        for (std::size_t said = 0; said < 10; ++said) {
            const std::uint64_t count = table[truth][said];
            all += count;
            const char* const style = truth == said             ? "hit"
                                      : count == 0              ? "none"
                                      : 3 * count < largest     ? "some"
                                      : 3 * count < 2 * largest ? "many"
                                                                : "most";
            row += element("td class=\"" + std::string(style) + "\"", count > 0 ? std::to_string(count) : "\u00B7");
        }
        const double right = static_cast<double>(table[truth][truth]) / static_cast<double>(all);
        rows += element("tr", row + element("td", percent(right, 1)));
    }
    const std::string caption = "From " + seeds_text(model) + ": how often each digit (row) was read as each (column).";
    return element("h2", "What " + html(model.text.name) + " confuses") +
           element("div class=\"scroll\"",
                   element("table class=\"confusion\"",
                           element("caption", caption) + element("thead", element("tr", head)) + element("tbody", rows)));
}

/// A probability that is not 0 or 1 is not shown as such.
std::string probability(double share) {
    for (const int digits : {1, 2}) {
        const double unit = std::pow(10.0, -2 - digits);
        if (share >= unit / 2 && share <= 1 - unit / 2) return percent(share, digits);
    }
    return share < 0.5 ? "&lt;0.01%" : "&gt;99.99%";
}

std::string mistake_section(const report& found, const model_report& model) {
    const trial& one = model.trials.front();
    if (one.mistakes.empty()) return element("p", "There are no mistakes.");
    std::string items;
    for (const mistake& worst : one.mistakes) {
        const std::string said = std::to_string(worst.said), truth = std::to_string(worst.truth);
        items += element("li", picture(found.test.image(worst.image), "a " + truth + " that was read as a " + said) +
                                   element("span", "read <strong>" + said + "</strong> " + probability(worst.said_probability)) +
                                   element("span", "is <strong>" + truth + "</strong> " + probability(worst.truth_probability)));
    }
    return element("h3", "The worst mistakes of " + html(model.text.name)) +
           element("p class=\"quiet\"",
                   "Seed " + std::to_string(one.seed) +
                       ": the images whose wrong digit it held for the most probable, and what it thought of the right one.") +
           element("ol class=\"mistakes\"", items);
}

std::string foot(const report& found) {
    std::vector<setting> lines{{"Training images", grouped(found.training_images)}, {"Test images", grouped(found.test_images)}};
    for (const model_report* model : in_order(found)) {
        lines.push_back({model->text.name, model->text.signature});
        lines.push_back({"its weights", grouped(model->text.weights)});
        lines.push_back({"its updater", model->text.updater + ", batches of " + std::to_string(model->text.batch) + " images"});
    }
    lines.insert(lines.end(), {{"rivulet", found.rivulet_version},
                               {"Compiler", found.compiler},
                               {"Instruction set", found.instruction_set},
                               {"All of it", fixed(found.seconds, 1) + " s"}});
    return settings_section(lines, found.reproduce);
}

}  // namespace

void write_page(const report& found, const std::filesystem::path& path) {
    std::string sections = epoch_section(found);
    for (const model_report* model : in_order(found))
        sections += element("section", confusion_section(*model) + mistake_section(found, *model));
    write_file(path, page("rivulet mnist", own_style, page_header(found) + element("main", sections) + foot(found)));
}

}  // namespace mnist
