// SPDX-License-Identifier: MIT
// A shop that knows its people and goods by id alone: weights of words, their crosses, a vector for each, learned a visit at a time.
#include <cstdio>
#include <rivulet/explain/explain.hpp>
#include <rivulet/rivulet.hpp>
#include <vector>

namespace rv = rivulet;

struct person : rv::context_ids<> {};  // a request brings who it is from: any 64 bits
struct words : rv::context_ids<8> {};  // and up to 8 words of what was searched for
struct goods : rv::candidate_ids<> {};
struct tags : rv::candidate_ids<4> {};

int main() {
    rv::pipeline ranker{rv::fuse{rv::hashed<words, tags>{.bits = 12},              // one weight for each word with each tag
                                 rv::embed<goods, 1>{.room = {.capacity = 1000}},  // what a thing sells like
                                 rv::factorisation<8, person, goods>{.room = {{{.capacity = 1000}, {.capacity = 1000}}}}},
                        rv::additive{}, rv::adagrad{.rate = 0.1f}};

    enum : rv::item_id { tent = 10, lantern = 20, pan = 30 };
    const rv::item_id camping = rv::hash("camping"), cooking = rv::hash("cooking"), light = rv::hash("light");
    const std::vector<rv::item_id> of_lantern{camping, light};
    auto items = ranker.catalogue();
    items.add(tent, rv::with<goods>(tent), rv::with<tags>(std::vector{camping}));
    items.add(lantern, rv::with<goods>(lantern), rv::with<tags>(of_lantern));
    items.add(pan, rv::with<goods>(pan), rv::with<tags>(std::vector{cooking}));

    const std::vector<rv::item_id> search{rv::hash("night"), rv::hash("outdoors")};
    const auto ann = rv::request(rv::with<person>(1), rv::with<words>(search));
    const auto bob = rv::request(rv::with<person>(2), rv::with<words>(search));
    for (int visit = 0; visit < 60; ++visit) {
        ranker.learn(ann, items.at(tent), rv::click), ranker.learn(ann, items.at(lantern), rv::skip);
        ranker.learn(bob, items.at(tent), rv::skip), ranker.learn(bob, items.at(lantern), rv::click);
        ranker.learn(ann, items.at(pan), rv::skip), ranker.learn(bob, items.at(pan), rv::skip);
    }
    ranker.refresh(items);
    const auto first = [&](const auto& visit) { return int(ranker.rank(visit, items, 1)[0].id); };
    const auto stranger = rv::request(rv::with<person>(3), rv::with<words>(search));
    std::printf("ann: item %d\nbob: item %d\n", first(ann), first(bob));
    std::printf("a stranger's last: item %d\n", int(ranker.rank(stranger, items, 3)[2].id));

    const auto why = rv::explain(ranker, ann, items.at(tent));
    double sum = why.base;
    for (const rv::reason& one : why.reasons) sum += one.amount;
    std::printf("most of it: %+.2f by %s of", why.reasons[0].amount, why.reasons[0].name.c_str());
    for (const rv::item_id id : why.reasons[0].ids) std::printf(" %d", int(id));
    std::printf("\n");
    std::printf("all reasons and the bias: %+.2f, the score: %+.2f\n", sum, double(ranker.score(ann, items.at(tent)).score));

    const auto before = ranker.digest();
    ranker.score(stranger, rv::item(rv::with<goods>(999), rv::with<tags>(of_lantern)));
    std::printf("scoring what was never seen changed nothing: %s\n", before == ranker.digest() ? "yes" : "no");
}
