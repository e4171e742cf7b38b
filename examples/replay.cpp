// SPDX-License-Identifier: MIT
// Replays real ratings in time order against three rankers, as if the users were there now: decayed popularity, a rivulet pipeline that
// stops learning half way, and the same pipeline learning all the way. The model is in replay/model.hpp.
#include "replay/eight_bits.hpp"
#include "replay/films.hpp"
#include "replay/judge.hpp"
#include "replay/model.hpp"
#include "replay/ratings.hpp"
#include "replay/report.hpp"
#include "replay/viewers.hpp"
#include "shared/build.hpp"
#include "shared/command_line.hpp"
#include "shared/progress.hpp"
#include "shared/require.hpp"
#include "shared/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace replay;
using shared::require;

constexpr float liked_from = 4;             // stars
constexpr std::size_t negatives = 64;       // films the user has not rated, drawn evenly
constexpr std::size_t refresh_every = 250;  // events
constexpr std::size_t time_every = 5;       // judged events

struct options {
    std::filesystem::path ratings, json, page;
    std::size_t limit = 0;
    std::uint64_t seed = 1, person = 0;
    float prune = 0;
    bool eight_bits = false;
};

template <class F> auto timed(latency_recorder& times, F&& f) {
    const auto start = std::chrono::steady_clock::now();
    auto result = f();
    times.record(std::chrono::steady_clock::now() - start);
    return result;
}

std::string day(std::int64_t time) {
    const std::time_t seconds = time;
    char text[32];
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::strftime(text, sizeof text, "%Y-%m-%d", &utc);
    return text;
}

/// The run: one pass over the events.
class run {
public:
    run(const ratings& data, const options& wanted)
        : data_(data), seed_(wanted.seed), prune_(wanted.prune), eight_bits_(wanted.eight_bits), half_(data.events.size() / 2),
          shelf_(data), crowd_(data.users.size(), data.films.size()), draw_(wanted.seed + 1),
          learning_(make_ranker({.users = data.users.size(), .films = data.films.size()}, wanted.seed)), items_(learning_.catalogue()),
          scores_(data.films.size()), window_(std::max<std::size_t>(1, judged_in_all() / 100)), judges_(3, judge(window_)),
          person_(choose_person(wanted.person)) {
        items_.reserve(data.films.size());
        for (std::size_t film = 0; film < data.films.size(); ++film) {
            shelf_.describe(film, 0, data.events.front().time);
            require(items_.add(film, rv::with<film_id>(film), rv::with<content>(shelf_.content_of(film), content::width),
                               rv::with<standing>(shelf_.standing_of(film), standing::width)));
        }
    }

    report replay_all() {
        const auto start = std::chrono::steady_clock::now();
        progress bar(data_.events.size(), {.unit = "events"});
        for (std::size_t event = 0; event < data_.events.size(); ++event) {
            const rating& now = data_.events[event];
            if (event == half_) stop_one(now.time);
            if (event % refresh_every == 0) refresh(event, now.time);
            crowd_.arrive(here_, now.user, shelf_, now.time);
            if (now.stars >= liked_from) {
                judge_all(event);
                learn_from(now);
            }
            tell(now);
            shelf_.rated(now.film, now.stars, event);
            crowd_.rated(now.user, now.film, now.stars, now.time, shelf_);
            put(now.film, event, now.time);
            bar.tick(event + 1, [&] {
                return "hit rate: popularity " + percent(judges_[role::popularity].hit_rate(), 1) + ", frozen " +
                       percent(judges_[role::frozen].hit_rate(), 1) + ", learning " + percent(judges_[role::learning].hit_rate(), 1);
            });
        }
        bar.finish();
        show_person_after();
        return findings(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }

private:
    std::size_t judged_in_all() const {
        return static_cast<std::size_t>(
            std::count_if(data_.events.begin(), data_.events.end(), [](const rating& r) { return r.stars >= liked_from; }));
    }

    /// Puts what a film brings now into the catalogues of the rankers that are alive.
    void put(std::size_t film, std::size_t event, std::int64_t time) {
        shelf_.describe(film, event, time);
        for (catalogue* items : {&items_, frozen_ ? &frozen_->second : nullptr})
            if (items)
                require(items->change(film, rv::with<content>(shelf_.content_of(film), content::width),
                                      rv::with<standing>(shelf_.standing_of(film), standing::width)));
    }

    void refresh(std::size_t event, std::int64_t time) {
        for (std::size_t film = 0; film < data_.films.size(); ++film) put(film, event, time);
        learning_.refresh(items_);
    }

    /// Half way: one copy of the pipeline stops learning. What films and users bring goes on changing for it, too, and it is told each
    /// rating, so that what it remembers of people and films stays current: only steps are missing. If blocks are to be pruned, it is now,
    /// so that the frozen copy shows what they cost and the other what learning makes up for.
    void stop_one(std::int64_t time) {
        if (prune_ > 0) mask_ = rv::prune(learning_, {.share = prune_});
        frozen_.emplace(learning_, items_);
        if (eight_bits_) coded_.emplace(frozen_->first, data_.films.size());
        if (!person_) return;
        found_person_.name = "user " + std::to_string(data_.users[*person_]);
        for (const auto film : crowd_.liked(*person_, 5)) found_person_.recently_liked.push_back(data_.films[film].title);
        found_person_.before = recommend(frozen_->first, frozen_->second, time, true);
    }
    void show_person_after() {
        if (!person_) return;
        found_person_.note = "Before: half way, by the ranker as it was then. After: at the end, by the one that went on learning.";
        found_person_.after = recommend(learning_, items_, data_.events.back().time, false);
    }

    std::vector<recommendation> recommend(const ranker& by, const catalogue& items, std::int64_t time, bool look_ahead) {
        visit there;
        crowd_.arrive(there, *person_, shelf_, time);
        std::vector<recommendation> found;
        for (const rv::scored& one : by.rank(there.request(), items, 5, [&](rv::item_id id) { return !crowd_.has_rated(*person_, id); })) {
            const auto& about = data_.films[one.id];
            std::string genres;
            for (const auto genre : about.genres) genres += (genres.empty() ? "" : "|") + data_.genres[genre];
            const bool liked_later =
                look_ahead && std::any_of(data_.events.begin() + static_cast<std::ptrdiff_t>(half_), data_.events.end(),
                                          [&](const rating& r) { return r.user == *person_ && r.film == one.id && r.stars >= liked_from; });
            found.push_back({about.title, genres, static_cast<double>(one.score), liked_later});
        }
        return found;
    }

    /// Where the film of this event comes among all that the user has not rated: before anything is learned from it.
    void judge_all(std::size_t event) {
        const rating& now = data_.events[event];
        const bool late = event >= half_;
        const bool timing =
            judges_[role::learning].judged() % time_every == 0;  // the place needs all scores, a host's answer only the best
        // The film of the event is judged also if the user rates it again; other films that the user knows are no news.
        const auto allows = [&](rv::item_id film) { return film == now.film || !crowd_.has_rated(now.user, film); };

        const auto count = [&] {
            for (std::size_t film = 0; film < scores_.size(); ++film) scores_[film] = static_cast<float>(shelf_.popularity(film, event));
        };
        count();
        judges_[role::popularity].add(place(now), late);
        if (timing)
            timed(rank_times_[role::popularity], [&] {
                std::array<rv::scored, judge::cutoff> room;
                rv::top_k best(room);
                count();
                for (std::size_t film = 0; film < scores_.size(); ++film)
                    if (allows(film)) best.add({film, scores_[film]});
                return best.sorted().size();
            });

        const auto request = here_.request();
        const auto judge_pipeline = [&](const ranker& by, const catalogue& items, role::index as) {
            require(by.score(request, items, std::span<float>(scores_)));
            const std::size_t at = place(now);
            judges_[as].add(at, late);
            if (!timing) return at;
            const auto best = timed(rank_times_[as], [&] { return by.rank(request, items, judge::cutoff, allows); });
            require(best.status);
            const bool listed = std::any_of(best.begin(), best.end(), [&](const rv::scored& one) { return one.id == now.film; });
            if (listed != (at <= judge::cutoff)) throw std::logic_error("a ranking and the scores behind it disagree");
            return at;
        };
        const std::size_t at = judge_pipeline(learning_, items_, role::learning);
        if (late) {
            judge_pipeline(frozen_->first, frozen_->second, role::frozen);
            if (coded_) coded_->compare(frozen_->first, request, frozen_->second, allows, now.film);
        } else
            judges_[role::frozen].add(at, late);  // until half time it is the same pipeline
    }

    std::size_t place(const rating& now) const {
        const rv::scored target{now.film, scores_[now.film]};
        std::size_t before = 0;
        for (std::size_t film = 0; film < scores_.size(); ++film)
            before += film != now.film && rv::ranks_before({film, scores_[film]}, target) && !crowd_.has_rated(now.user, film);
        return before + 1;
    }

    /// What those of a pipeline's parts remember that are not taught by steps: each rating, whatever its stars.
    void tell(const rating& now) {
        const auto request = here_.request();
        require(learning_.observe(request, items_.at(now.film), rv::rating(now.stars)));
        if (frozen_) require(frozen_->first.observe(request, frozen_->second.at(now.film), rv::rating(now.stars)));
    }

    /// One step: the film that was liked, and films that the user passed over.
    void learn_from(const rating& now) {
        outcomes_.clear();
        outcomes_.push_back({items_.at(now.film), rv::click});
        for (std::size_t tries = 0; outcomes_.size() <= negatives && tries < 20 * negatives; ++tries) {
            const std::size_t film = draw_.below(data_.films.size());
            if (film != now.film && !crowd_.has_rated(now.user, film)) outcomes_.push_back({items_.at(film), rv::skip});
        }
        require(timed(learn_times_, [&] { return learning_.learn(here_.request(), outcomes_); }).status);
        if (mask_) mask_->apply(learning_);
    }

    /// The one asked for, or of the users who liked enough on both sides of half time the one in the middle, to show somebody ordinary.
    std::optional<std::size_t> choose_person(std::uint64_t wanted) const {
        if (wanted) {
            const auto known = std::find(data_.users.begin(), data_.users.end(), wanted);
            if (known == data_.users.end()) throw bad_input("--user: expected a user of the ratings, got " + std::to_string(wanted));
            return static_cast<std::size_t>(known - data_.users.begin());
        }
        std::vector<std::array<std::size_t, 2>> likes(data_.users.size());
        for (std::size_t event = 0; event < data_.events.size(); ++event)
            if (data_.events[event].stars >= liked_from) ++likes[data_.events[event].user][event >= half_];
        const auto both = [&](std::size_t user) { return std::min(likes[user][0], likes[user][1]); };
        std::vector<std::size_t> known;
        for (std::size_t user = 0; user < likes.size(); ++user)
            if (both(user) >= 20) known.push_back(user);
        if (known.empty()) return std::nullopt;
        std::sort(known.begin(), known.end(), [&](std::size_t a, std::size_t b) { return std::pair(both(a), a) < std::pair(both(b), b); });
        return known[known.size() / 2];
    }

    report findings(double seconds) {
        report found;
        found.ratings = data_.events.size();
        found.users = data_.users.size();
        found.items = data_.films.size();
        found.first_day = day(data_.events.front().time);
        found.last_day = day(data_.events.back().time);
        found.judged_rule =
            "every rating of 4 or more, before it is learned from: where does its film come among all that the user has not rated?";
        found.judged_events = judged_in_all();
        found.cutoff = judge::cutoff;
        found.window = window_;
        auto& [popularity, frozen, learning] = found.rankers;
        popularity.name = "popularity";
        popularity.note = "ratings of 4 or more, halving every 5,000 events.";
        frozen.name = "frozen";
        frozen.note = "the pipeline, learning until half time; its features and memories stay current, its weights do not.";
        learning.name = "learning";
        learning.note = "the same pipeline, learning from every event.";
        for (const auto role : {role::popularity, role::frozen, role::learning}) {
            judges_[role].fill(found.rankers[role]);
            found.rankers[role].rank = rank_times_[role].summary();
        }
        learning.learn = learn_times_.summary();
        if (person_) found.people.push_back(found_person_);
        found.settings = {
            {"Pipeline", learning_.signature()},
            {"Weights", grouped(learning_.weights().size())},
            {"Learned at", "ratings of 4 or more: the film among " + std::to_string(negatives) + " that the user has not rated"},
            {"Remembered", "every rating, by the parts that go by id"},
            {"Refresh", "every " + std::to_string(refresh_every) + " events; the film of an event at once"},
            {"Memory", grouped((learning_.memory() + items_.memory()) / 1024) + " KiB for the pipeline and its catalogue"},
            {"Seed", std::to_string(seed_)}};
        if (mask_)
            found.settings.push_back({"Pruned", "at half time, " + grouped(mask_->zero_blocks()) + " of the " + grouped(mask_->blocks()) +
                                                    " blocks between the hidden layers"});
        if (coded_) found.settings.push_back({"In 8 bits", coded_->result()});
        found.seconds = seconds;
        found.rivulet_version = rivulet_version();
        found.compiler = compiler_name();
        found.instruction_set = rv::instructions;
        return found;
    }

    const ratings& data_;
    std::uint64_t seed_;
    float prune_;
    bool eight_bits_;
    std::size_t half_;
    films shelf_;
    viewers crowd_;
    rv::random draw_;
    ranker learning_;
    catalogue items_;
    std::optional<std::pair<ranker, catalogue>> frozen_;
    std::optional<rv::block_mask<ranker>> mask_;
    std::optional<eight_bit_trial> coded_;

    visit here_;
    std::vector<float> scores_;
    std::vector<rv::outcome<catalogue::entry>> outcomes_;
    std::size_t window_;
    std::vector<judge> judges_;
    std::array<latency_recorder, 3> rank_times_;
    latency_recorder learn_times_;
    std::optional<std::size_t> person_;
    replay::person found_person_;
};

/// What the command line asks for; nothing when it asked for help only. Throws bad_input.
std::optional<options> parse(int count, char** words) {
    using text = std::string;
    shared::command_line known("replay", "Replays ratings in time order against three rankers, and reports who recommended best.");
    known.option<text>("ratings", "CSV of user,item,rating,time[,title,genres]", "FILE")
        .option<text>("json", "write the table for machines", "FILE")
        .option<text>("page", "write the page for people", "FILE")
        .option<std::size_t>("limit", "replay only the first N ratings", "N")
        .option<std::uint64_t>("user", "show recommendations for this user", "ID")
        .option<std::uint64_t>("seed", "of the first weights and of the draws", "N", "1")
        .option<double>("prune", "at half time, make this share of the blocks between the hidden layers zero for good", "SHARE")
        .flag("eight-bits", "after half time, compare rankings in 8 bits with those in float");
    constexpr const char* codes = "Exit codes: 0 done, 1 a file could not be written, 2 bad arguments or ratings.";
    return known.read(count, words, codes, [&](const shared::arguments& given) {
        if (!given.has("ratings")) throw bad_input("--ratings FILE is missing; --help lists the options");
        const auto share = given.has("prune") ? given.get<double>("prune") : 0;
        if (!(share >= 0 && share < 1)) throw bad_input("--prune: expected a share from 0 to below 1");
        return options{.ratings = given.path("ratings"),
                       .json = given.path("json"),
                       .page = given.path("page"),
                       .limit = given.has("limit") ? given.get<std::size_t>("limit") : 0,
                       .seed = given.get<std::uint64_t>("seed"),
                       .person = given.has("user") ? given.get<std::uint64_t>("user") : 0,
                       .prune = static_cast<float>(share),
                       .eight_bits = given.has("eight-bits")};
    });
}

}  // namespace

int main(int count, char** words) {
    return shared::run_program("replay", [&] {
        const auto wanted = parse(count, words);
        if (!wanted) return;
        ratings data = read_ratings(wanted->ratings);
        if (wanted->limit && wanted->limit < data.events.size()) data.events.resize(wanted->limit);
        report found = run(data, *wanted).replay_all();
        found.source = wanted->ratings.filename().string();
        found.reproduce = {"sh examples/run.sh" + (wanted->prune > 0 ? " --prune " + fixed(static_cast<double>(wanted->prune), 4) : "") +
                           (wanted->eight_bits ? " --eight-bits" : "")};
        print(found, std::cout);
        if (!wanted->json.empty()) write_json(found, wanted->json);
        if (!wanted->page.empty()) write_page(found, wanted->page);
    });
}
