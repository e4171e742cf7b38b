#include <cstdio>
#include <rivulet/rivulet.hpp>
namespace rv = rivulet;

struct recent : rv::context_sequence<4> {};  // a request brings this: the items that the shopper just looked at, oldest first
struct about : rv::candidate<4> {};          // an item brings this: camping, cooking, reading, price

int main() {
    rv::pipeline ranker{rv::fuse{rv::attend<recent, about, 8>{}, rv::pass<about>{}}, rv::mlp<16, 8>{}, rv::adagrad{.rate = 0.1f}};
    const rv::item_id ids[]{10, 20, 30, 40};  // tent, lantern, pan, novel
    const float abouts[]{1, 0, 0, .9f, 1, 0, 0, .2f, 0, 1, 0, .3f, 0, 0, 1, .1f}, seen[]{0, 0, 1, .1f, 1, 0, 0, .2f};
    auto items = ranker.catalogue(ids, rv::with<about>(abouts));
    auto visit = rv::request(rv::with<recent>(seen));
    for (int day = 1; day <= 2; ++day) {
        for (auto [id, score] : ranker.rank(visit, items, 3))
            std::printf("day %d: item %d (%.0f %%)\n", day, int(id), 100 * rv::logistic::probability(score));
        for (int i = 0; i < 20; ++i) ranker.learn(visit, items.at(20), rv::click), ranker.learn(visit, items.at(40), rv::skip);
        ranker.refresh(items);
    }
}
