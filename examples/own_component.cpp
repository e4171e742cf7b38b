#include <rivulet/rivulet.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

namespace rv = rivulet;
struct age : rv::candidate<1> {};  // days since the item appeared

// exp(-age / half_life): one number, known when the item is, learned rate and all.
struct freshness {
    float days = 7;  // where learning starts

    using inputs = rv::features<age>;
    static constexpr std::size_t width = 1, weights = 1;
    static constexpr rv::binding bound = age::bound;

    template <class T> void start(T* w, rv::random&) const noexcept { *w = std::log(T(2)) / static_cast<T>(days); }
    template <class T, class Side> void forward(const T* w, const Side& side, T* out) const noexcept {
        *out = std::exp(-*w * *side.template get<age>().data);
    }
    template <class T, class Side> void backward(const T* w, const Side& side, const T* slope, T* g) const noexcept {
        const T t = *side.template get<age>().data;
        *g += *slope * -t * std::exp(-*w * t);  // d out / d w
    }
};

int main() {
    rv::pipeline ranker{rv::fuse{freshness{.days = 7}}, rv::linear{}, rv::adagrad{.rate = 0.05f}};
    const std::vector<rv::item_id> ids{1, 2, 3};
    const std::vector<float> ages{30, 1, 8};
    auto items = ranker.catalogue(ids, rv::with<age>(ages));
    for (int i = 0; i < 100; ++i) {
        ranker.learn(rv::request(), items.at(2), rv::click);
        ranker.learn(rv::request(), items.at(1), rv::skip);
    }
    ranker.refresh(items);
    for (auto [id, score] : ranker.rank(rv::request(), items, 3)) std::printf("item %d\n", int(id));

    rv::save(ranker, "own_component.rivulet");
    auto restored = rv::pipeline{rv::fuse{freshness{}}, rv::linear{}, rv::adagrad{.rate = 0.05f}};
    rv::load(restored, "own_component.rivulet");
    std::printf("restored: %s\n", restored.digest() == ranker.digest() ? "equal digests" : "different");
}
