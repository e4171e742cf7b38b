#include <cstdint>
#include <cstdio>
#include <limits>
#include <rivulet/attend/scaled_dot_product.hpp>
namespace rv = rivulet;

// Scaled dot-product attention, softmax(q K' / sqrt(3)) V, checked by hand: a query and three keys of three numbers, values of two.
constexpr double query[]{1, 0, 1};
constexpr double keys[]{1, 1, 0,   // q k = 1*1 + 0*1 + 1*0 = 1
                        0, 1, 1,   // q k = 1*0 + 0*1 + 1*1 = 1
                        2, 0, 1};  // q k = 1*2 + 0*0 + 1*1 = 3
constexpr double values[]{10, 0, 0, 10, 20, 20};

// One query over the first `count` keys, of which it sees `seen`: their shares come first, without gaps.
void attend(const char* what, std::size_t count, std::size_t seen, const rv::attention_mask<double>& mask = {}) {
    double out[2], shares[3], sum = 0;
    rv::scaled_dot_product<double>({query, 1, 3}, 3, {keys, count, 3}, {values, count, 2}, 2, {out, 1, 2}, shares, mask);
    std::printf("%s: shares", what);
    for (std::size_t i = 0; i < seen; ++i) std::printf(" %.4f", shares[i]), sum += shares[i];
    std::printf(", sum %.4f, output (%.4f, %.4f)\n", sum, out[0], out[1]);
}

int main() {
    // Logits 1 / sqrt(3), 1 / sqrt(3), 3 / sqrt(3) = 0.5774, 0.5774, 1.7321; exp of them 1.7813, 1.7813, 5.6522, in sum 9.2149.
    // Shares 1.7813 / 9.2149 = 0.1933, again 0.1933, 5.6522 / 9.2149 = 0.6134: three numbers below one that sum to one.
    // Output 0.1933 (10, 0) + 0.1933 (0, 10) + 0.6134 (20, 20) = (14.2007, 14.2007).
    attend("three keys", 3, 3);

    // A softmax of one number is exp(x) / exp(x) = 1 whatever x is: one share, exactly 1, and the output is the key's value.
    attend("one key", 1, 1);

    // A key that is padding has no share. 1.7813 / (1.7813 + 5.6522) = 0.2396; output 0.2396 (10, 0) + 0.7604 (20, 20).
    const std::uint8_t padded[]{1, 0, 1}, empty[]{0, 0, 0};
    attend("second key padding", 3, 2, {.valid = padded});
    attend("all keys padding", 3, 0, {.valid = empty});  // nothing to see: zeros, not NaN

    // What is added to the logits favours a key, -infinity forbids it: with ln 3 = 1.0986 the first key counts three times the second.
    const double added[]{1.0986122886681098, 0, -std::numeric_limits<double>::infinity()};
    attend("ln 3, 0 and -infinity added", 3, 2, {.added = {added, 1, 3}});

    // Causal: the queries are the newest moments, and each sees its own and what came before: the first key; the first two, with equal
    // logits; all three.
    const double queries[]{1, 0, 1, 1, 0, 1, 1, 0, 1};
    double out[6], shares[3];
    rv::scaled_dot_product<double>({queries, 3, 3}, 3, {keys, 3, 3}, {values, 3, 2}, 2, {out, 3, 2}, shares,
                                   rv::attention_mask<double>{.causal = true});
    for (int r = 0; r < 3; ++r) std::printf("causal, moment %d: output (%.4f, %.4f)\n", r + 1, out[2 * r], out[2 * r + 1]);
}
