// SPDX-License-Identifier: MIT
// One component tried alone, whatever its sides: outputs, slopes, and a small gallery whose visitors and pictures may lack something.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

#include <rivulet/rivulet.hpp>

#include "../pipeline/slopes.hpp"
#include "../random_data.hpp"

namespace gallery {

namespace rv = rivulet;

struct visitor : rv::context<5> {};
struct taste : rv::context<6> {};
struct look : rv::optional<rv::context<3>> {};
struct seen : rv::context_sequence<6, 7> {};
struct title : rv::candidate<4> {};
struct poster : rv::optional<rv::candidate<6>> {};

/// What is missing lies in memory as NaN, so that whoever reads it is found out.
template <class T> struct visit {
    std::vector<T> about, tastes, looks, history;
    bool has;

    explicit visit(std::uint64_t seed, bool brings_look = true) : has(brings_look) {
        rv::random draw(seed);
        about = test::numbers<T>(draw, 5);
        tastes = test::numbers<T>(draw, 6);
        looks = test::numbers<T>(draw, 3);
        history = test::numbers<T>(draw, 6 * 5);
        if (!has) looks.assign(3, std::numeric_limits<T>::quiet_NaN());
    }
    auto request() const {
        return rv::request(rv::with<visitor>(about), rv::with<taste>(tastes), has ? rv::with<look>(looks) : rv::missing<look, T>(),
                           rv::with<seen>(history));
    }
};

enum class lacking { none, half, all };

template <class T> struct wall {
    std::vector<rv::item_id> ids;
    std::vector<T> titles, posters;
    std::vector<std::uint8_t> has;

    wall(std::uint64_t seed, std::size_t count, lacking what = lacking::half) {
        rv::random draw(seed);
        titles = test::numbers<T>(draw, 4 * count);
        posters = test::numbers<T>(draw, 6 * count);
        for (std::size_t i = 0; i < count; ++i) {
            ids.push_back(100 + 7 * i);
            has.push_back(what == lacking::none || (what == lacking::half && draw.unit() < 0.5));
            if (!has[i]) std::fill_n(posters.begin() + static_cast<std::ptrdiff_t>(6 * i), 6, std::numeric_limits<T>::quiet_NaN());
        }
    }
    std::size_t size() const { return ids.size(); }
    auto poster_of(std::size_t i) const { return has[i] ? rv::with<poster>(posters.data() + 6 * i, 6) : rv::missing<poster, T>(); }
    auto item(std::size_t i) const { return rv::item(rv::with<title>(titles.data() + 4 * i, 4), poster_of(i)); }
    template <class Pipeline> auto catalogue(const Pipeline& ranker) const {
        return ranker.catalogue(ids, rv::with<title>(titles), rv::with<poster>(posters, has));
    }
};

/// A component and weights for it.
template <class Stage, class T> struct trial {
    static constexpr bool pair = Stage::bound == rv::binding::pair;
    static constexpr std::size_t candidate_weights = pair ? rv::candidate_weights<Stage> : 0;
    Stage stage{};
    std::vector<T> w = std::vector<T>(Stage::weights, T(0)), slow = std::vector<T>(candidate_weights, T(0));
    std::vector<T> g, slow_g;

    explicit trial(std::uint64_t seed, Stage settings = {}) : stage(settings) {
        rv::random draw(seed);
        if constexpr (Stage::weights > 0) stage.start(w.data(), draw);
        if constexpr (candidate_weights > 0) stage.start_candidate(slow.data(), draw);
    }

    /// (wall.size(), width); of a component of the request's alone every row is the same.
    test::guarded_rows<T> outputs(const visit<T>& here, const wall<T>& shown) const {
        test::guarded_rows<T> out(shown.size(), Stage::width, Stage::width + 3);
        if constexpr (pair) {
            const auto kept = std::make_unique<typename Stage::template context_part<T>>();
            stage.prepare_context(w.data(), here.request(), *kept);
            const auto parts = this->parts(shown);
            stage.forward(w.data(), *kept, parts.view(), out.view());
        } else
            for (std::size_t r = 0; r < shown.size(); ++r) {
                if constexpr (Stage::bound == rv::binding::candidate)
                    stage.forward(w.data(), shown.item(r), out[r]);
                else
                    stage.forward(w.data(), here.request(), out[r]);
            }
        return out;
    }

    /// Fills g and slow_g with the slopes of the sum of weights[r][i] * out[r][i].
    void slopes(const visit<T>& here, const wall<T>& shown, const test::guarded_rows<T>& weights) {
        g.assign(w.size(), T(0));
        slow_g.assign(slow.size(), T(0));
        if constexpr (pair) {
            const auto kept = std::make_unique<typename Stage::template context_part<T>>();
            const auto slope = std::make_unique<typename Stage::template context_part<T>>();
            stage.prepare_context(w.data(), here.request(), *kept);
            slope->start_slope(*kept);
            const auto parts = this->parts(shown);
            test::guarded_rows<T> part_slopes(shown.size(), Stage::candidate_part, Stage::candidate_part + 2);
            part_slopes.fill(T(0));
            stage.backward(w.data(), *kept, parts.view(), weights.view(), *slope, part_slopes.view(), g.data());
            stage.backward_context(w.data(), here.request(), *slope, g.data());
            for (std::size_t r = 0; r < shown.size(); ++r)
                stage.backward_candidate(slow.data(), shown.item(r), part_slopes[r], slow_g.data());
        } else
            for (std::size_t r = 0; r < shown.size(); ++r) {
                if constexpr (Stage::bound == rv::binding::candidate)
                    stage.backward(w.data(), shown.item(r), weights[r], g.data());
                else
                    stage.backward(w.data(), here.request(), weights[r], g.data());
            }
    }

    test::guarded_rows<T> parts(const wall<T>& shown) const {
        test::guarded_rows<T> made(shown.size(), Stage::candidate_part, Stage::candidate_part + 2);
        for (std::size_t r = 0; r < shown.size(); ++r) stage.prepare_candidate(slow.data(), shown.item(r), made[r]);
        return made;
    }
};

/// Rows of a feature in a plane through (0.3, 0.3, ...), which two directions span.
template <class T> std::vector<T> in_a_plane(std::uint64_t seed, std::size_t count, std::size_t width) {
    rv::random draw(seed);
    const auto directions = test::numbers<T>(draw, 2 * width);
    std::vector<T> rows;
    for (std::size_t r = 0; r < count; ++r) {
        const T a = static_cast<T>(draw.around_zero(1)), b = static_cast<T>(draw.around_zero(1));
        for (std::size_t i = 0; i < width; ++i) rows.push_back(T(0.3) + a * directions[i] + b * directions[width + i]);
    }
    return rows;
}

/// The piece of a component's weights that a fit changes.
template <class Stage, class T> std::vector<T>& fitted_piece(trial<Stage, T>& tried) {
    constexpr std::size_t of_candidate = rv::fitted_candidate_weights<Stage>;
    return of_candidate > 0 ? tried.slow : tried.w;
}

/// A new fit on `rows`, and how far old outputs lie from new M + c, by hand as a layer over them would be re-expressed. Pictures and titles
/// of `shown` must lie in the planes that a fit of two directions spans.
template <class Stage, class Feature, class T>
double worst_after_refit(trial<Stage, T> tried, const visit<T>& here, const wall<T>& shown, const std::vector<T>& rows) {
    constexpr std::size_t width = Stage::width, of_candidate = rv::fitted_candidate_weights<Stage>, own = rv::fitted_weights<Stage>;
    static_assert(std::is_same_v<rv::fitted_inputs<Stage>, rv::features<Feature>>);
    auto& piece = fitted_piece(tried);
    const auto old_out = tried.outputs(here, shown);
    const std::vector<T> old_piece = piece;
    const rv::rows<const T> data{rows.data(), rows.size() / Feature::width, Feature::width};
    if constexpr (of_candidate > 0)
        tried.stage.fit_candidate(piece.data(), data);
    else
        tried.stage.fit(piece.data(), data);
    std::size_t changed = 0;
    for (std::size_t i = 0; i < piece.size(); ++i) {
        changed += piece[i] != old_piece[i];
        if (i >= own + of_candidate && piece[i] != old_piece[i]) return std::numeric_limits<double>::infinity();  // learned: not fit's
    }
    if (changed < Feature::width) return std::numeric_limits<double>::infinity();
    const auto out = tried.outputs(here, shown);
    std::vector<T> m(width * width + 1, T(-9)), c(width + 1, T(-9));
    tried.stage.change_of_basis(old_piece.data(), static_cast<const T*>(piece.data()), m.data(), c.data());
    if (m.back() != T(-9) || c.back() != T(-9)) return std::numeric_limits<double>::infinity();
    double worst = 0;
    for (std::size_t r = 0; r < shown.size(); ++r)
        for (std::size_t k = 0; k < width; ++k) {
            double sum = static_cast<double>(c[k]);
            for (std::size_t j = 0; j < width; ++j) sum += static_cast<double>(out[r][j]) * static_cast<double>(m[j * width + k]);
            const double distance = std::abs(sum - static_cast<double>(old_out[r][k]));
            worst = distance <= worst ? worst : distance;
        }
    return worst;
}

/// sum of weights[r][i] * out[r][i], in double.
template <class T> double weighed(const test::guarded_rows<T>& out, const test::guarded_rows<T>& weights, std::size_t width) {
    double sum = 0;
    for (std::size_t r = 0; r < out.view().count; ++r)
        for (std::size_t i = 0; i < width; ++i) sum += static_cast<double>(out[r][i]) * static_cast<double>(weights[r][i]);
    return sum;
}

/// The gradient of a pipeline, every other picture of a wall taken and the others not, against central differences.
template <class Pipeline> double worst_difference(const Pipeline& ranker, const visit<double>& here, const wall<double>& shown) {
    std::vector<rv::outcome<decltype(shown.item(0))>> outcomes;
    for (std::size_t i = 0; i < shown.size(); ++i) outcomes.push_back({shown.item(i), i % 2 ? rv::click : rv::skip});
    return shop::worst_difference(
        ranker, [&](auto& pipeline) { REQUIRE(pipeline.learn(here.request(), outcomes)); },
        [&](const auto& pipeline) { return shop::naive_loss(pipeline, rv::logistic{}, here.request(), outcomes); });
}

}  // namespace gallery
