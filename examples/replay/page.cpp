// SPDX-License-Identifier: MIT
// The findings of a replay as one self-contained HTML page.
#include "report.hpp"

#include "../shared/text.hpp"
#include "chart.hpp"
#include "page_style.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace replay {

namespace {

constexpr std::array<role::index, 3> best_first{role::learning, role::frozen, role::popularity};
constexpr std::array<std::string_view, 3> role_styles{"popularity", "frozen", "learning"};

std::string figure_card(const report& found, role::index which) {
    const ranker_report& ranker = found.rankers[which];
    std::string out = element("dt", html(ranker.name));
    out += element("dd class=\"value\"", percent(ranker.second_half.hit_rate));
    const double ratio = times_as_often(found.rankers[role::learning], ranker);
    std::string comparison = percent(ranker.whole.hit_rate) + " over the whole stream";
    if (which != role::learning && std::isfinite(ratio)) { comparison = "learning hits " + multiple(ratio) + "\u00D7 as often"; }
    out += element("dd", comparison);
    return element("div class=\"" + std::string(role_styles[which]) + "\"", out);
}

std::string page_header(const report& found) {
    std::string out = element("p class=\"kicker\"", "rivulet replay \u00B7 " + html(found.source));
    out += element("h1", html(headline(found)));
    out += element("p", grouped(found.ratings) + " ratings of " + grouped(found.items) + " films by " + grouped(found.users) +
                            " people, from " + html(found.first_day) + " to " + html(found.last_day) +
                            ", were replayed in the order they were given. Before each judged rating every ranker named " +
                            std::to_string(found.cutoff) +
                            " films for that person; it was right, a hit, if the film rated next was among them.");
    std::string cards;
    for (const role::index which : best_first) { cards += figure_card(found, which); }
    out += element("dl class=\"figures\"", cards);
    out += element("p class=\"quiet\"", "Hit rate at " + std::to_string(found.cutoff) + " in the second half of the stream: " +
                                            grouped(found.rankers[role::learning].second_half.events) + " judged events.");
    return element("header", out);
}

std::string quality_rows(const report& found, const quality ranker_report::*part, std::string_view name) {
    std::string rows = element("tr", "<th scope=\"rowgroup\" colspan=\"4\">" + std::string(name) + ", " +
                                         grouped((found.rankers[role::learning].*part).events) + " judged events</th>");
    for (const role::index which : best_first) {
        std::string row = element("th scope=\"row\"", html(found.rankers[which].name));
        for (const double quality::*measure : {&quality::hit_rate, &quality::mrr, &quality::ndcg}) {
            const auto value = [&](const ranker_report& ranker) { return ranker.*part.*measure; };
            const double own = value(found.rankers[which]);
            const bool best =
                std::all_of(found.rankers.begin(), found.rankers.end(), [&](const ranker_report& other) { return !(value(other) > own); });
            const std::string shown = measure == &quality::hit_rate ? percent(own, 2) : fixed(own, 4);
            row += element(best ? "td class=\"best\"" : "td", shown);
        }
        rows += element("tr", row);
    }
    return element("tbody", rows);
}

std::string quality_section(const report& found) {
    const std::string cutoff = std::to_string(found.cutoff);
    std::string table = element("caption", "MRR is the mean of 1 / place. NDCG, like the hit rate, looks at the first " + cutoff +
                                               " places, and a film further up counts more. The best of each column is bold.");
    table += element("thead", element("tr", "<th scope=\"col\">Ranker</th><th scope=\"col\">Hit rate</th><th scope=\"col\">MRR</th>"
                                            "<th scope=\"col\">NDCG</th>"));
    table += quality_rows(found, &ranker_report::whole, "Whole stream");
    table += quality_rows(found, &ranker_report::first_half, "First half");
    table += quality_rows(found, &ranker_report::second_half, "Second half");
    std::string out = element("h2", "How good the lists were") + element("div class=\"scroll\"", element("table", table));
    if (!found.judged_rule.empty()) { out += element("p class=\"quiet\"", "Judged: " + html(found.judged_rule)); }
    for (const ranker_report& ranker : found.rankers) {
        if (!ranker.note.empty()) {
            out += element("p class=\"quiet\"", "<strong>" + html(ranker.name) + "</strong>: " + html(ranker.note));
        }
    }
    return element("section", out);
}

std::string curve_section(const report& found) {
    const std::uint64_t averaged = found.window * smoothing_windows(found);
    return element("section", element("h2", "Hit rate over time") +
                                  element("figure", hit_rate_chart(found, layout::wide) + hit_rate_chart(found, layout::narrow) +
                                                        element("figcaption", "Each point is the hit rate over the " + grouped(averaged) +
                                                                                  " judged events before it. Until half time the frozen "
                                                                                  "ranker and the learning one are the same.")));
}

std::string speed_section(const report& found) {
    std::string rows;
    for (const role::index which : best_first) {
        const ranker_report& ranker = found.rankers[which];
        std::string row = element("th scope=\"row\"", html(ranker.name));
        for (const latency* part : {&ranker.rank, &ranker.learn}) {
            for (const double microseconds : {part->p50_us, part->p99_us}) {
                row += element("td", part->count > 0 ? readable_time(microseconds) : "\u2013");
            }
        }
        rows += element("tr", row);
    }
    const std::string table = element("caption", "Half of the calls were at least as fast as p50, 99 of 100 as p99.") +
                              "<thead>\n<tr><th scope=\"col\" rowspan=\"2\">Ranker</th>"
                              "<th scope=\"colgroup\" colspan=\"2\">rank</th><th scope=\"colgroup\" colspan=\"2\">learn</th></tr>\n"
                              "<tr><th scope=\"col\">p50</th><th scope=\"col\">p99</th><th scope=\"col\">p50</th><th scope=\"col\">p99</th>"
                              "</tr>\n</thead>\n" +
                              element("tbody", rows);
    const latency& rank = found.rankers[role::learning].rank;
    const latency& learn = found.rankers[role::learning].learn;
    return element("section", element("h2", "How long the calls took") +
                                  element("figure", latency_chart(found, layout::wide) + latency_chart(found, layout::narrow) +
                                                        element("figcaption", "The ranker that keeps learning. Slowest call: rank " +
                                                                                  readable_time(rank.max_us) + ", learn " +
                                                                                  readable_time(learn.max_us) + ".")) +
                                  element("div class=\"scroll\"", element("table class=\"speed\"", table)));
}

std::string list_card(const std::vector<recommendation>& list, role::index which, std::string_view heading) {
    std::string items;
    for (const recommendation& item : list) {
        std::string about = html(item.genres);
        for (std::size_t at = about.find('|'); at != std::string::npos; at = about.find('|', at)) { about.replace(at, 1, ", "); }
        if (item.liked_later) { about += " <span class=\"liked\">\u2713\u00A0liked later</span>"; }
        items += element("li", "<span class=\"title\">" + html(item.title) + "</span> <span class=\"about\">" + about + "</span>");
    }
    return element("div class=\"card " + std::string(role_styles[which]) + "\"",
                   element("h4", std::string(heading)) + (items.empty() ? element("p", "Nothing yet.") : element("ol", items)));
}

std::string people_section(const report& found) {
    if (found.people.empty()) { return {}; }
    std::string out = element("h2", "What people were shown, before and after");
    bool marked = false;
    for (const person& who : found.people) {
        std::string about = element("h3", html(who.name));
        if (!who.note.empty()) { about += element("p class=\"quiet\"", html(who.note)); }
        std::string liked;
        for (const std::string& title : who.recently_liked) { liked.append(liked.empty() ? "" : "; ").append(html(title)); }
        if (!liked.empty()) { about += element("p", "Recently liked: " + liked + "."); }
        about += element("div class=\"cards\"", list_card(who.before, role::frozen, "At half time, by the frozen ranker") +
                                                    list_card(who.after, role::learning, "At the end, by the one that kept learning"));
        out += element("article", about);
        for (const auto* list : {&who.before, &who.after}) {
            marked = marked || std::any_of(list->begin(), list->end(), [](const recommendation& item) { return item.liked_later; });
        }
    }
    if (marked) { out += element("p class=\"quiet\"", "\u2713 liked later: the person went on to rate the film 4 or more."); }
    return element("section", out);
}

std::string foot(const report& found) {
    std::vector<setting> lines = found.settings;
    lines.insert(lines.end(), {{"rivulet", found.rivulet_version},
                               {"Compiler", found.compiler},
                               {"Instruction set", found.instruction_set},
                               {"Whole replay", fixed(found.seconds, 1) + " s"}});
    return settings_section(lines, found.reproduce);
}

}  // namespace

void write_page(const report& found, const std::filesystem::path& path) {
    const std::string body = page_header(found) +
                             element("main", quality_section(found) + curve_section(found) + speed_section(found) + people_section(found)) +
                             foot(found);
    write_file(path, page("rivulet replay: " + found.source, own_style, body));
}

}  // namespace replay
