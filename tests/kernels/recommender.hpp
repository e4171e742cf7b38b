// SPDX-License-Identifier: MIT
// A pipeline that learns for a while and ranks: compiled into a unit with the table of kernels and into one without.
#pragma once

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <rivulet/rivulet.hpp>

/// Ids and scores, best first: plain types, since rivulet's own are others in a unit built otherwise.
using ranked_items = std::vector<std::pair<std::uint64_t, float>>;
ranked_items ranked_header_only();

namespace {

struct history : rivulet::context_sequence<16> {};
struct about : rivulet::candidate<16> {};

inline ranked_items ranked_after_learning() {
    namespace rv = rivulet;
    rv::pipeline ranker{rv::fuse{rv::attend<history, about, 32>{.heads = 2}, rv::pass<about>{}}, rv::mlp<64, 32>{},
                        rv::adam{.rate = 0.01f}};
    std::mt19937 random(7);
    std::uniform_real_distribution<float> number(-1, 1);
    std::vector<rv::item_id> ids(100);
    std::vector<float> abouts(ids.size() * 16), past(20 * 16);
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = 1000 + i;
    for (float& x : abouts) x = number(random);
    auto items = ranker.catalogue(ids, rv::with<about>(abouts));
    for (int step = 0; step < 200; ++step) {
        for (float& x : past) x = number(random);
        const rv::item_id id = ids[random() % ids.size()];
        const bool likes = abouts[(id - 1000) * 16] + past[0] > 0;
        if (!ranker.learn(rv::request(rv::with<history>(past)), items.at(id), likes ? rv::click : rv::skip)) return {};
    }
    ranker.refresh(items);
    ranked_items best;
    for (auto [id, score] : ranker.rank(rv::request(rv::with<history>(past)), items, 10)) best.emplace_back(id, score);
    return best;
}

}  // namespace
