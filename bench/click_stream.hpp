// SPDX-License-Identifier: MIT
// The stream of learn/logistic_hashed_30: categorical features with long tails, and clicks by a logistic model of them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include <rivulet/core/random.hpp>

namespace bench {

/// Features are columns; an id is a value within its column, so the same id in two columns is two things.
struct click_stream {
    static constexpr std::size_t examples = 400'000, features = 30;
    std::vector<std::uint32_t> ids;    // (examples, features)
    std::vector<std::uint8_t> labels;  // 0 or 1
    double peer_loss = 0.4938;         // progressive log loss of Vowpal Wabbit 9.11.9 on it: adaptive, normalised, invariant, 20 bits
    double floor = 0;                  // the mean log loss of the model that drew the labels; 0 if it is not known
};

/// Drawn anew, the same on every machine but for the last digits of log, cos and pow: column c has 10^(c % 5 + 1) values, the value
/// floor(P values / 50) or the last, P of a Pareto (Lomax) distribution of shape 1.1; weights are normal with deviation 0.5, the bias is
/// -1.
inline click_stream drawn_clicks() {
    using stream = click_stream;
    rivulet::random draw(1);
    const auto normal = [&] {  // Box & Muller 1958
        const double radius = std::sqrt(-2 * std::log(1 - draw.unit()));
        return radius * std::cos(2 * std::numbers::pi * draw.unit());
    };
    std::array<std::size_t, stream::features> values{};
    std::array<std::vector<double>, stream::features> weights;
    for (std::size_t c = 0; c < stream::features; ++c) {
        values[c] = std::array<std::size_t, 5>{10, 100, 1'000, 10'000, 100'000}[c % 5];
        weights[c].resize(values[c]);
        for (double& w : weights[c]) w = 0.5 * normal();
    }
    stream made;
    made.peer_loss = 0.5086;
    made.ids.resize(stream::examples * stream::features);
    made.labels.resize(stream::examples);
    for (std::size_t e = 0; e < stream::examples; ++e) {
        double score = -1;
        for (std::size_t c = 0; c < stream::features; ++c) {
            const double last = static_cast<double>(values[c] - 1), pareto = std::pow(1 - draw.unit(), -1 / 1.1) - 1;
            const auto id = static_cast<std::size_t>(std::min(pareto * static_cast<double>(values[c]) / 50, last));
            made.ids[e * stream::features + c] = static_cast<std::uint32_t>(id);
            score += weights[c][id];
        }
        const double probability = 1 / (1 + std::exp(-score));
        const bool clicked = draw.unit() < probability;
        made.labels[e] = clicked;
        made.floor -= std::log(clicked ? probability : 1 - probability) / static_cast<double>(stream::examples);
    }
    return made;
}

/// The file that RIVULET_CLICKS names, as bench/click_stream.py writes it, or clicks drawn anew. Throws for a file of another size.
inline click_stream clicks() {
    const char* const path = std::getenv("RIVULET_CLICKS");
    if (path == nullptr || *path == '\0') return drawn_clicks();
    click_stream read;
    constexpr std::size_t bytes = click_stream::examples * click_stream::features * 4;
    std::vector<unsigned char> text(bytes);
    read.labels.resize(click_stream::examples);
    std::ifstream in(path, std::ios::binary);
    in.read(reinterpret_cast<char*>(text.data()), static_cast<std::streamsize>(bytes));
    in.read(reinterpret_cast<char*>(read.labels.data()), static_cast<std::streamsize>(click_stream::examples));
    if (!in || in.peek() != std::ifstream::traits_type::eof()) throw std::runtime_error(std::string("not a file of clicks: ") + path);
    read.ids.resize(bytes / 4);
    for (std::size_t i = 0; i < read.ids.size(); ++i)
        read.ids[i] = static_cast<std::uint32_t>(text[4 * i] | text[4 * i + 1] << 8 | text[4 * i + 2] << 16) |
                      static_cast<std::uint32_t>(text[4 * i + 3]) << 24;
    return read;
}

}  // namespace bench
