// SPDX-License-Identifier: MIT
// How far rankings in 8 bits agree with those in float on real requests: certified ones always, rough ones as counted here.
#pragma once

#include "judge.hpp"
#include "model.hpp"
#include "shared/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace replay {

class eight_bit_trial {
public:
    static constexpr std::size_t correlate_every = 20;  // requests: ordering everything takes long

    /// Of a pipeline whose weights stay as they are.
    explicit eight_bit_trial(const ranker& of, std::size_t films) : quick_(of), exact_(films), rough_(films), place_(films) {}

    /// One request, of which `liked` is the film that the user went on to like. Throws std::logic_error if a certified ranking is another
    /// than the one in float.
    template <class Request, class Allows>
    void compare(const ranker& of, const Request& request, const catalogue& items, const Allows& allows, rv::item_id liked) {
        const auto exact = of.rank(request, items, judge::cutoff, allows),
                   certified = quick_.rank(of, request, items, judge::cutoff, allows);
        if (!std::equal(exact.begin(), exact.end(), certified.begin(), certified.end()))
            throw std::logic_error("a certified ranking differs from the one in float");
        const auto rough = quick_.rank_roughly(of, request, items, judge::cutoff, allows);
        const auto holds = [](const auto& list, rv::item_id id) {
            return std::any_of(list.begin(), list.end(), [id](const rv::scored& one) { return one.id == id; });
        };
        for (const rv::scored& one : exact) {
            shared_ += holds(rough, one.id);
            ++ranked_;
        }
        exact_hits_ += holds(exact, liked);
        rough_hits_ += holds(rough, liked);
        if (requests_++ % correlate_every == 0) correlate(of, request, items, allows);
    }

    std::string result() const {
        using shared::percent;
        const auto share = [](std::size_t part, std::size_t of) { return of ? static_cast<double>(part) / static_cast<double>(of) : 0; };
        return shared::grouped(requests_) +
               " requests of the frozen pipeline; certified rankings equal those in float to the last bit; rough ones share " +
               percent(share(shared_, ranked_), 2) + " of the first ten, their rank correlation over all films is " +
               shared::fixed(correlated_ ? correlation_ / static_cast<double>(correlated_) : 1, 6) + ", their hit rate " +
               percent(share(rough_hits_, requests_), 2) + " against " + percent(share(exact_hits_, requests_), 2);
    }

private:
    /// Spearman's, of the places of all films that are allowed.
    template <class Request, class Allows>
    void correlate(const ranker& of, const Request& request, const catalogue& items, const Allows& allows) {
        const auto exact = of.rank(request, items, std::span(exact_), allows),
                   rough = quick_.rank_roughly(of, request, items, std::span(rough_), allows);
        if (exact.size() != rough.size() || exact.size() < 2) return;
        for (std::size_t i = 0; i < exact.size(); ++i) place_[exact[i].id] = i;
        double squares = 0;
        for (std::size_t i = 0; i < rough.size(); ++i) {
            const double apart = static_cast<double>(i) - static_cast<double>(place_[rough[i].id]);
            squares += apart * apart;
        }
        const double n = static_cast<double>(exact.size());
        correlation_ += 1 - 6 * squares / (n * (n * n - 1));
        ++correlated_;
    }

    rv::eight_bit_ranker<ranker> quick_;
    std::vector<rv::scored> exact_, rough_;
    std::vector<std::size_t> place_;
    std::size_t requests_ = 0, ranked_ = 0, shared_ = 0, exact_hits_ = 0, rough_hits_ = 0, correlated_ = 0;
    double correlation_ = 0;
};

}  // namespace replay
