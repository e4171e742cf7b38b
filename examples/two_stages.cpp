// SPDX-License-Identifier: MIT
// A feed in two stages: the nearest of many vectors, then the ranker over those. Both go by 8 bits first, and both are exact.
#include <algorithm>
#include <array>
#include <cstdio>
#include <rivulet/rivulet.hpp>
#include <thread>
#include <vector>

namespace rv = rivulet;

struct viewer : rv::context<32> {};
struct video : rv::candidate<32> {};

int main() {
    constexpr std::size_t videos = 5000, width = 32;
    rv::random draw(1);
    std::vector<float> vectors(videos * width), taste(width);
    for (float& x : vectors) x = float(draw.around_zero(1));
    for (float& x : taste) x = float(draw.around_zero(1));

    // Stage one: all videos by the inner product of their vectors with the viewer's.
    rv::vector_table<width, rv::vector_codes::eight_bit> table;
    rv::pipeline ranker{rv::fuse{rv::pass<viewer>{}, rv::pass<video>{}}, rv::mlp<64, 32>{}, rv::adagrad{}};
    auto items = ranker.catalogue();
    for (rv::item_id id = 0; id < videos; ++id) {
        const auto vector = std::span(vectors).subspan(id * width, width);
        table.add(id, vector), items.add(id, rv::with<video>(vector));
    }
    std::array<rv::scored, 200> near;
    const auto found = table.nearest(taste, near);
    std::printf("%d of %d are near; fewer than a fifth were computed in float: %s\n", int(found.size()), int(table.size()),
                found.computed < videos / 5 ? "yes" : "no");

    // Stage two: those by the ranker, after a few lessons, with its hidden layers in 8 bits.
    const auto visit = rv::request(rv::with<viewer>(taste));
    for (std::size_t i = 0; i < 100; ++i) ranker.learn(visit, items.at(near[i].id), i % 3 == 0 ? rv::click : rv::skip);
    ranker.refresh(items);
    std::vector<rv::item_id> ids;
    for (const auto& one : found) ids.push_back(one.id);
    const rv::eight_bit_ranker quick(ranker);
    std::array<rv::scored, 5> best, exact;
    quick.rank(ranker, visit, items, best, rv::among{ids});
    ranker.rank(visit, items, exact, rv::among{ids});
    std::printf("the best five are exactly those of the ranker in float: %s\n", best == exact ? "yes" : "no");

    // Or all of it on threads of yours: the same ranking in any number of parts.
    std::array<rv::scored, 3 * 5> room;
    const auto run = [](std::size_t parts, auto&& task) {
        std::vector<std::thread> threads;
        for (std::size_t part = 1; part < parts; ++part) threads.emplace_back([&task, part] { task(part); });
        task(0);
        for (auto& one : threads) one.join();
    };
    const auto shared = rv::parallel_rank(ranker, visit, items, room, 5, 3, run, rv::among{ids});
    std::printf("in three parts they are the same: %s\n", std::equal(shared.begin(), shared.end(), exact.begin(), exact.end()) ? "yes" : "no");
}
