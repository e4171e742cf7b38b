#include <rivulet/rivulet.hpp>

#include <cstdio>
#include <vector>

namespace rv = rivulet;
struct shopper : rv::context<2> {};          // what a request brings: new here, in a hurry
struct recent : rv::context_sequence<3> {};  // and the kinds of the items just looked at, oldest first
struct kind : rv::candidate<3> {};           // what an item brings: camping, cooking, reading
struct price : rv::candidate<1> {};

int main() {
    rv::pipeline ranker{rv::fuse{rv::pass<shopper>{}, rv::attend<recent, kind, 8>{}, rv::pass<kind>{}, rv::pass<price>{}},
                        rv::mlp<16, 8>{}, rv::adagrad{.rate = 0.1f}};

    const std::vector<rv::item_id> ids{10, 20, 30, 40};  // tent, lantern, pan, novel
    const std::vector<float> kinds{1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, prices{0.9f, 0.2f, 0.3f, 0.1f};
    auto items = ranker.catalogue(ids, rv::with<kind>(kinds), rv::with<price>(prices));

    const std::vector<float> attributes{1, 0}, history{0, 0, 1, 1, 0, 0};
    const auto visit = rv::request(rv::with<shopper>(attributes), rv::with<recent>(history));
    const auto show = [&](const char* when) {
        std::printf("%s:", when);
        for (auto [id, score] : ranker.rank(visit, items, 3)) std::printf("  item %d (%.0f %%)", int(id), 100 * rv::logistic::probability(score));
        std::printf("\n");
    };

    show("before");
    for (int visits = 0; visits < 20; ++visits) {
        ranker.learn(visit, items.at(20), rv::click);
        ranker.learn(visit, items.at(40), rv::skip);
    }
    ranker.refresh(items);
    show("after ");
}
