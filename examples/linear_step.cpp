// One step of a linear ranker on clicks, checked by hand. With p = 1 / (1 + exp(-score)) and the label y, the slope of the log loss is
// p - y for the score, so (p - y) x for the weights w and p - y for the bias b: the features x belong into the update, or every weight
// would move alike, whatever the item has.
#include <cstdio>
#include <rivulet/rivulet.hpp>
namespace rv = rivulet;

struct film : rv::candidate<3> {};  // action, romance, length in hours

int main() {
    rv::pipeline ranker{rv::fuse{rv::pass<film>{}}, rv::linear{}, rv::sgd{.rate = 0.1f}};  // w and b start at zero
    const float action[]{1, 0, 2}, romance[]{0, 1, 0};
    const auto visit = rv::request();
    const auto first = rv::item(rv::with<film>(action)), second = rv::item(rv::with<film>(romance));
    const auto show = [&](const char* when) {
        const float a = ranker.score(visit, first).score, r = ranker.score(visit, second).score;
        std::printf("%s: action %.5f (p = %.4f), romance %.5f (p = %.4f)\n", when, a, rv::logistic::probability(a), r,
                    rv::logistic::probability(r));
    };
    show("at first");

    // The action film is clicked: y = 1, p = 0.5, x = (1, 0, 2). w += 0.1 * 0.5 * x = (0.05, 0, 0.1), b += 0.05.
    // Its score is 0.05 * 1 + 0.1 * 2 + 0.05 = 0.3. The romance shares no feature with it: only the bias speaks, 0.05.
    ranker.learn(visit, first, rv::click);
    show("after the click");

    // The romance is skipped: y = 0, p = 1 / (1 + exp(-0.05)) = 0.5125, x = (0, 1, 0). w -= 0.05125 * x, b -= 0.05125.
    // Romance: -0.05125 + 0.05 - 0.05125 = -0.0525. Action: 0.05 * 1 + 0.1 * 2 + 0.05 - 0.05125 = 0.24875.
    ranker.learn(visit, second, rv::skip);
    show("after the skip");
}
