// SPDX-License-Identifier: MIT
// A small shop for pipeline tests: features, random visits and items, and the naive evaluation that the plan is held against.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <tuple>
#include <vector>

#include <rivulet/rivulet.hpp>

namespace shop {

namespace rv = rivulet;

struct shopper : rv::context<5> {};
struct hour : rv::context<3> {};
struct recent : rv::context_sequence<7, 9> {};
struct title : rv::candidate<7> {};
struct price : rv::candidate<2> {};

template <class T> std::vector<T> numbers(std::size_t count, std::uint64_t seed) {
    rv::random seeded(seed);
    std::vector<T> made(count);
    for (T& x : made) x = static_cast<T>(seeded.around_zero(1));
    return made;
}

/// A request's memory.
template <class T> struct visit {
    std::vector<T> attributes, time, history;

    explicit visit(std::uint64_t seed, std::size_t moments = 6)
        : attributes(numbers<T>(5, seed)), time(numbers<T>(3, seed + 1)), history(numbers<T>(7 * moments, seed + 2)) {}
    auto request() const { return rv::request(rv::with<shopper>(attributes), rv::with<hour>(time), rv::with<recent>(history)); }
};

/// A catalogue's memory.
template <class T> struct shelf {
    std::size_t size;
    std::vector<rv::item_id> ids;
    std::vector<T> titles, prices;

    shelf(std::size_t count, std::uint64_t seed)
        : size(count), titles(numbers<T>(7 * count, seed)), prices(numbers<T>(2 * count, seed + 1)) {
        for (std::size_t i = 0; i < count; ++i) ids.push_back(1000 + 3 * i);
    }
    auto item(std::size_t i) const {
        return rv::item(rv::with<title>(titles.data() + 7 * i, 7), rv::with<price>(prices.data() + 2 * i, 2));
    }
    template <class Pipeline> auto catalogue(const Pipeline& ranker) const {
        return ranker.catalogue(ids, rv::with<title>(titles), rv::with<price>(prices));
    }
};

/// What the layers make of a fused row, one number at a time in double. `weight_row`: where each fused number's row of the first layer
/// lies. A ranker of other layers than an mlp's is called on this one row; it has tests of its own.
template <class Pipeline>
std::vector<double> outputs_over(const Pipeline& ranker, const std::vector<double>& fused, const std::vector<std::size_t>& weight_row) {
    using scalar = typename Pipeline::scalar;
    using plan = typename Pipeline::plan;
    const auto& parts = ranker.evaluation();
    const scalar* w = ranker.weights().data();
    std::vector<double> layer(plan::first);
    for (std::size_t j = 0; j < plan::first; ++j) {
        layer[j] = static_cast<double>(w[plan::at.bias + j]);
        for (std::size_t k = 0; k < fused.size(); ++k) layer[j] += fused[k] * static_cast<double>(w[weight_row[k] + j]);
    }
    using ranker_type = std::remove_cvref_t<decltype(parts.ranker)>;
    if constexpr (requires { ranker_type::offset(1); })
        for (std::size_t l = 1; l < ranker_type::layers; ++l) {
            const scalar* tail = w + plan::at.ranker + ranker_type::offset(l);
            const std::size_t in = ranker_type::widths[l - 1], out = ranker_type::widths[l], stride = rv::padded(out);
            std::vector<double> next(out);
            for (std::size_t j = 0; j < out; ++j) {
                next[j] = static_cast<double>(tail[in * stride + j]);
                for (std::size_t k = 0; k < in; ++k) next[j] += std::max(layer[k], 0.0) * static_cast<double>(tail[k * stride + j]);
            }
            layer = next;
        }
    else {
        std::vector<scalar> sums(rv::padded(plan::first)), hidden(ranker_type::activations), outputs(rv::padded(ranker_type::outputs));
        for (std::size_t j = 0; j < plan::first; ++j) sums[j] = static_cast<scalar>(layer[j]);
        parts.ranker.forward(w + plan::at.ranker, rv::rows<scalar>{sums.data(), 1, sums.size()},
                             rv::rows<scalar>{hidden.data(), 1, hidden.size()}, rv::rows<scalar>{outputs.data(), 1, outputs.size()}, {});
        layer.assign(outputs.begin(), outputs.begin() + ranker_type::outputs);
    }
    return layer;
}

/// The fused row written down, multiplied by every weight, one number at a time in double: what a plan must equal.
template <class Pipeline, class Request, class Item>
std::vector<double> naive_outputs(const Pipeline& ranker, const Request& request, const Item& item) {
    using scalar = typename Pipeline::scalar;
    using plan = typename Pipeline::plan;
    const auto& parts = ranker.evaluation();
    const scalar* w = ranker.weights().data();
    using components = std::remove_cvref_t<decltype(parts.components)>;

    std::vector<double> fused;
    std::vector<std::size_t> weight_row;  // where each fused number's row of the first layer lies
    rv::detail::each<plan::count>([&](auto i) {
        using component = std::tuple_element_t<i, components>;
        const component& stage = std::get<i>(parts.components);
        std::vector<scalar> out(component::width);
        if constexpr (component::bound == rv::binding::context)
            stage.forward(plan::template own<i>(w), request, out.data());
        else if constexpr (component::bound == rv::binding::candidate)
            stage.forward(plan::template own<i>(w), item, out.data());
        else {
            auto kept = std::make_unique<typename component::template context_part<scalar>>();
            std::vector<scalar> part(component::candidate_part);
            stage.prepare_context(plan::template own<i>(w), request, *kept);
            stage.prepare_candidate(w + plan::at.candidate[i], item, part.data());
            stage.forward(plan::template own<i>(w), *kept, rv::rows<const scalar>{part.data(), 1, part.size()},
                          rv::rows<scalar>{out.data(), 1, out.size()});
        }
        for (std::size_t k = 0; k < out.size(); ++k) {
            fused.push_back(static_cast<double>(out[k]));
            weight_row.push_back(plan::at.block[i] + k * rv::padded(plan::first));
        }
    });

    return outputs_over(ranker, fused, weight_row);
}
template <class Pipeline, class Request, class Item> double naive_score(const Pipeline& ranker, const Request& request, const Item& item) {
    return naive_outputs(ranker, request, item)[0];
}

/// Gives every learned weight a value, so that a linear model or a bias is not tested at zero.
template <class Pipeline> void scatter(Pipeline& ranker, std::uint64_t seed, double limit = 0.3) {
    using plan = typename Pipeline::plan;
    rv::random seeded(seed);
    const auto fill = [&](std::size_t at, std::size_t in, std::size_t out) {
        for (std::size_t i = 0; i < in; ++i)
            for (std::size_t j = 0; j < out; ++j)
                ranker.weights()[at + i * rv::padded(out) + j] = static_cast<typename Pipeline::scalar>(seeded.around_zero(limit));
    };
    using components = std::remove_cvref_t<decltype(ranker.evaluation().components)>;
    using ranker_type = std::remove_cvref_t<decltype(ranker.evaluation().ranker)>;
    if constexpr (!rv::detail::adds_up<ranker_type>)  // whose first layer stays ones
        rv::detail::each<plan::count>([&](auto i) { fill(plan::at.block[i], std::tuple_element_t<i, components>::width, plan::first); });
    fill(plan::at.bias, 1, plan::first);
    if constexpr (requires { ranker_type::offset(1); })
        for (std::size_t l = 1; l < ranker_type::layers; ++l)
            fill(plan::at.ranker + ranker_type::offset(l), ranker_type::widths[l - 1] + 1, ranker_type::widths[l]);
}

/// A component that learns on one side: what a host might write. out = w * feature, element by element.
template <class Feature> struct scale_each {
    using inputs = rv::features<Feature>;
    static constexpr std::size_t width = Feature::width, weights = Feature::width;
    static constexpr rv::binding bound = Feature::bound;

    template <class T> void start(T* w, rv::random& seeded) const noexcept {
        for (std::size_t i = 0; i < weights; ++i) w[i] = static_cast<T>(1 + seeded.around_zero(0.5));
    }
    template <class T, class Side> void forward(const T* w, const Side& side, T* out) const noexcept {
        for (std::size_t i = 0; i < width; ++i) out[i] = w[i] * side.template get<Feature>().data[i];
    }
    template <class T, class Side> void backward(const T*, const Side& side, const T* slope, T* g) const noexcept {
        for (std::size_t i = 0; i < width; ++i) g[i] += slope[i] * side.template get<Feature>().data[i];
    }
};

/// One pipeline with every kind of component on every side.
template <class T, class Ranker, class Updater = rv::sgd, class Loss = rv::logistic>
auto everything(std::size_t heads = 2, rv::setup setup = {}, Updater updater = {}, Loss loss = {}) {
    using fused = rv::fuse<rv::pass<shopper>, rv::attend<recent, title, 12>, rv::pca<title, 3>, rv::attend<recent, hour, 6>,
                           rv::pass<price>, scale_each<hour>, scale_each<title>, rv::pca<shopper, 2>, rv::interest<recent, title, 5>>;
    return rv::basic_pipeline<T, fused, Ranker, Updater, Loss>(fused({}, {.heads = heads}, {}, {.heads = heads}, {}, {}, {}, {}, {}),
                                                               Ranker{}, updater, loss, setup);
}

}  // namespace shop
