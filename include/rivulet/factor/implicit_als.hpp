// SPDX-License-Identifier: MIT
// Matrix factors of what users took, by alternating least squares over all pairs, and a new user's factors without training again.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "../core/arena.hpp"
#include "../core/error.hpp"
#include "../core/random.hpp"
#include "../core/rows.hpp"
#include "../math/cholesky.hpp"
#include "../math/vector.hpp"
#include "sparse_rows.hpp"

namespace rivulet::inline RIVULET_ABI {

struct implicit_als_settings {
    float confidence = 5;     ///< alpha: a pair of value r counts 1 + alpha r times, an unseen one once; 0 or more
    float l2 = 30;            ///< lambda: a pull of all factors towards 0; above 0. The more users and items, the more it wants to be:
                              ///< with thousands of them 10 to 100 was best, and what was too small cost most for users of short histories
    std::size_t sweeps = 10;  ///< of users, then of items, in a fit; 1 or more
    std::uint64_t seed = 1;   ///< of the item factors that the first fit starts from

    status validate() const noexcept {
        if (!math::finite(confidence) || !(confidence >= 0))
            return {errc::setting, "implicit_als.confidence must be a finite number of 0 or more", 0, static_cast<double>(confidence)};
        if (!math::finite(l2) || !(l2 > 0))
            return {errc::setting, "implicit_als.l2 must be a finite number above 0", 0, static_cast<double>(l2)};
        if (sweeps == 0) return {errc::setting, "implicit_als.sweeps must be 1 or more", 1, 0};
        return {};
    }
};

/// Users x and items y of `Width` numbers that minimise
///     sum over all pairs of c (p - x'y)^2 + lambda (sum of |x|^2 + sum of |y|^2),    c = 1 + alpha r, p = 1 where r > 0, else 0
/// (Hu, Koren and Volinsky 2008, equation 3). One side is solved exactly while the other stands still: what all unseen pairs add is the
/// Gram matrix Y'Y, computed once a half sweep, so a user with n items costs n Width^2 / 2 + Width^3 / 6 multiply-adds however many items
/// there are. Products are made in Scalar; a Gram matrix is summed in double over blocks of rows.
///
/// Items are indices below the number given at construction; one that nobody took has factors of zero and scores 0, so there may be room.
/// A value like any other: copies, and works apart from any pipeline.
template <std::size_t Width, std::floating_point Scalar = float> class implicit_als {
    static_assert(Width >= 1 && Width <= 64, "implicit_als<Width>: from 1 to 64 factors");

public:
    using scalar = Scalar;
    static constexpr std::size_t width = Width;
    /// Numbers from one row of factors to the next; those beyond Width are zero.
    static constexpr std::size_t stride = (Width + 15) / 16 * 16;

    /// Throws rivulet::error for a setting outside its range.
    explicit implicit_als(std::size_t items, implicit_als_settings settings = {})
        : settings_(settings), items_(items * stride), gram_(Width * stride) {
        detail::require(settings.validate());
        random seeded(settings.seed);
        for (std::size_t i = 0; i < items; ++i)
            for (std::size_t k = 0; k < Width; ++k) items_.data()[i * stride + k] = static_cast<Scalar>(seeded.around_zero(0.1));
        add_gram(items_, gram_);
    }

    /// Item factors from elsewhere, (items, Width): to fold in with, or to start a fit from. Throws rivulet::error.
    void set_item_factors(std::span<const Scalar> factors) {
        if (factors.size() != items() * Width) detail::require({errc::width, name, double(items() * Width), double(factors.size())});
        if (const std::size_t bad = math::first_nonfinite(factors.data(), factors.size()); bad != factors.size())
            detail::require({errc::nonfinite, name, 0, 0, bad});
        for (std::size_t i = 0; i < items(); ++i) std::copy_n(factors.data() + i * Width, Width, items_.data() + i * stride);
        add_gram(items_, gram_);
    }

    /// `sweeps` times all users, then all items, starting from the item factors that are there: from those of the last fit after new
    /// events. One row a user, one column an item. 2 (entries Width^2 / 2 + rows Width^3 / 6) multiply-adds a sweep, of both sides;
    /// allocates the matrix turned and both sides' factors. Throws rivulet::error, and then nothing is changed.
    void fit(const sparse_rows<Scalar>& taken) {
        detail::require(detail::check_rows(taken, items()));
        const detail::transposed_rows<Scalar> turned(taken, items());
        arena<Scalar> users(taken.count() * stride), items = items_, gram = gram_;
        for (std::size_t sweep = 0; sweep < settings_.sweeps; ++sweep) {
            solve_all(taken, items, gram, users);
            add_gram(users, gram);
            solve_all(turned.view(), users, gram, items);
            add_gram(items, gram);
        }
        users_ = std::move(users), items_ = std::move(items), gram_ = std::move(gram);
    }

    /// A user's factors against the items as they are: the exact solution for these items and values (no values: all 1), as a fit would
    /// find it. out: (Width). Each item once. Allocates nothing: its matrix lies on the stack, at most 32 KB.
    status fold_in(std::span<const std::uint32_t> taken, std::span<const Scalar> values, std::span<Scalar> out) const noexcept {
        if (out.size() != Width) return {errc::width, name, double(Width), double(out.size())};
        if (const status checked = detail::check_entries(taken, values, items()); !checked) return checked;
        alignas(64) Scalar solved[stride];
        if (!solve({{}, taken, values}, items_, gram_, solved)) return not_definite();
        std::copy_n(solved, Width, out.data());
        return {};
    }

    /// What each of the items taken adds to the score of an item for a user who is folded in: c_e y_e' A^-1 y, whose sum is x'y (Hu, Koren
    /// and Volinsky 2008, section 5). shares: one number for each of `taken`. Refused as fold_in is.
    status explain(std::span<const std::uint32_t> taken, std::span<const Scalar> values, std::size_t item,
                   std::span<Scalar> shares) const noexcept {
        if (shares.size() != taken.size()) return {errc::count, name, double(taken.size()), double(shares.size())};
        if (item >= items()) return {errc::limit, name, double(items()), double(item)};
        if (const status checked = detail::check_entries(taken, values, items()); !checked) return checked;
        const sparse_rows<Scalar> row{{}, taken, values};
        alignas(64) Scalar a[Width * stride], asked[stride];
        if (!decompose(row, items_, gram_, a, asked)) return not_definite();
        std::copy_n(items_.data() + item * stride, stride, asked);
        math::cholesky_solve(a, asked, Width, stride);
        for (std::size_t e = 0; e < taken.size(); ++e) {
            const Scalar r = row.value(e);
            shares[e] = r > Scalar(0) ? (1 + static_cast<Scalar>(settings_.confidence) * r) * score({asked, Width}, taken[e]) : Scalar(0);
        }
        return {};
    }

    /// x'y. user: (Width), item < items(). Width multiply-adds.
    Scalar score(std::span<const Scalar> user, std::size_t item) const noexcept {
        return math::dot(user.data(), items_.data() + item * stride, Width);
    }
    /// Of all items: scores: (items). items Width multiply-adds.
    status score(std::span<const Scalar> user, std::span<Scalar> scores) const noexcept {
        if (user.size() != Width) return {errc::width, name, double(Width), double(user.size())};
        if (scores.size() != items()) return {errc::count, name, double(items()), double(scores.size())};
        for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = score(user, i);
        return {};
    }

    /// What a fit makes smaller, of the matrix that was fitted. entries Width + users Width^2 multiply-adds, in double.
    double objective(const sparse_rows<Scalar>& taken) const {
        detail::require(detail::check_rows(taken, items()));
        if (taken.count() != users()) detail::require({errc::count, name, double(users()), double(taken.count())});
        double sum = 0;
        for (std::size_t u = 0; u < users(); ++u) {
            const Scalar* const x = users_.data() + u * stride;
            for (std::size_t i = 0; i < Width; ++i)  // as if nothing had been seen: x' Y'Y x
                for (std::size_t j = 0; j <= i; ++j)
                    sum += (i == j ? 1 : 2) * double(x[i]) * double(x[j]) * double(gram_.data()[i * stride + j]);
            const auto row = taken.row(u);
            for (std::size_t e = 0; e < row.columns.size(); ++e) {
                const double r = double(row.value(e)), found = double(score({x, Width}, row.columns[e])), missed = (r > 0 ? 1 : 0) - found;
                sum += (1 + double(settings_.confidence) * r) * missed * missed - found * found;
            }
        }
        for (const arena<Scalar>* side : {&users_, &items_})
            for (const Scalar x : side->span()) sum += double(settings_.l2) * double(x) * double(x);
        return sum;
    }

    std::size_t users() const noexcept { return users_.size() / stride; }
    std::size_t items() const noexcept { return items_.size() / stride; }
    /// As the last fit left them: those that its last item factors were solved against. `fold_in` gives a sweep newer ones.
    rows<const Scalar> user_factors() const noexcept { return {users_.data(), users(), stride}; }
    rows<const Scalar> item_factors() const noexcept { return {items_.data(), items(), stride}; }
    const implicit_als_settings& settings() const noexcept { return settings_; }
    /// Bytes held.
    std::size_t memory() const noexcept { return (users_.size() + items_.size() + gram_.size()) * sizeof(Scalar); }
    /// f(std::span<std::byte>) for the items' factors and what is summed from them: all that folding in depends on, in one order, to be
    /// read back by a model of as many items.
    template <class F> void item_parts(F&& f) {
        for (arena<Scalar>* part : {&items_, &gram_}) f(std::as_writable_bytes(part->span()));
    }
    template <class F> void item_parts(F&& f) const {
        for (const arena<Scalar>* part : {&items_, &gram_}) f(part->bytes());
    }
    /// The first of those numbers that is not finite, or their count.
    std::size_t first_bad_number() const noexcept {
        const std::size_t at = math::first_nonfinite(items_.data(), items_.size());
        return at < items_.size() ? at : at + math::first_nonfinite(gram_.data(), gram_.size());
    }
    std::size_t item_numbers() const noexcept { return items_.size() + gram_.size(); }
    /// f(std::span<const std::byte>) for all that scores and folding in depend on, in one order: for a digest, or to write.
    template <class F> void parts(F&& f) const {
        for (const arena<Scalar>* part : {&users_, &items_, &gram_}) f(part->bytes());
    }

private:
    static constexpr std::string_view name = "implicit_als";
    static constexpr std::size_t together = 4;  // rows whose products are added at once, so that a is loaded and stored once for them

    status not_definite() const noexcept {
        return {errc::setting, "implicit_als.l2 is too small beside the values, or a value is too large", 0, double(settings_.l2)};
    }

    /// a += sum of scale[c] y[c] y[c]', on and below the diagonal and up to the end of its registers.
    static void add_products(const Scalar* const* y, const Scalar* scale, Scalar* a) noexcept {
        constexpr std::size_t step = simd::lanes<Scalar>;
        for (std::size_t i = 0; i < Width; ++i) {
            const simd::batch<Scalar> x0(scale[0] * y[0][i]), x1(scale[1] * y[1][i]), x2(scale[2] * y[2][i]), x3(scale[3] * y[3][i]);
            for (std::size_t j = 0; j <= i; j += step) {
                auto sum = simd::fma(x0, simd::load(y[0] + j), simd::load(a + i * stride + j));
                sum = simd::fma(x1, simd::load(y[1] + j), sum);
                sum = simd::fma(x2, simd::load(y[2] + j), sum);
                simd::store(a + i * stride + j, simd::fma(x3, simd::load(y[3] + j), sum));
            }
        }
    }

    /// gram = Y'Y of rows of factors.
    static void add_gram(const arena<Scalar>& factors, arena<Scalar>& gram) {
        constexpr std::size_t block = 256;
        arena<double> sum(gram.size());
        const std::size_t count = factors.size() / stride;
        for (std::size_t from = 0; from < count; from += block) {
            std::fill_n(gram.data(), gram.size(), Scalar(0));
            for (std::size_t i = from; i < std::min(from + block, count); i += together) {
                const Scalar* y[together];
                Scalar scale[together];
                for (std::size_t c = 0; c < together; ++c) {
                    scale[c] = i + c < count ? Scalar(1) : Scalar(0);
                    y[c] = factors.data() + std::min(i + c, count - 1) * stride;
                }
                add_products(y, scale, gram.data());
            }
            for (std::size_t i = 0; i < sum.size(); ++i) sum.data()[i] += double(gram.data()[i]);
        }
        for (std::size_t i = 0; i < sum.size(); ++i) gram.data()[i] = static_cast<Scalar>(sum.data()[i]);
    }

    /// (Y'Y + Y'(C - I)Y + lambda I) x = Y'C p. out: (stride).
    bool solve(const sparse_rows<Scalar>& row, const arena<Scalar>& fixed, const arena<Scalar>& gram, Scalar* out) const noexcept {
        alignas(64) Scalar a[Width * stride];
        if (!decompose(row, fixed, gram, a, out)) return false;
        math::cholesky_solve(a, out, Width, stride);
        return math::first_nonfinite(out, Width) == Width;
    }
    /// a: the Cholesky factor of the left side, (Width, stride); out: the right side, (stride).
    bool decompose(const sparse_rows<Scalar>& row, const arena<Scalar>& fixed, const arena<Scalar>& gram, Scalar* a,
                   Scalar* out) const noexcept {
        std::copy_n(gram.data(), Width * stride, a);
        for (std::size_t i = 0; i < Width; ++i) a[i * stride + i] += static_cast<Scalar>(settings_.l2);
        std::fill_n(out, stride, Scalar(0));
        const std::size_t n = row.columns.size();
        for (std::size_t e = 0; e < n; e += together) {
            const Scalar* y[together];
            Scalar more[together];
            for (std::size_t c = 0; c < together; ++c) {
                const std::size_t at = std::min(e + c, n - 1);
                y[c] = fixed.data() + row.columns[at] * stride;
                const Scalar r = e + c < n ? row.value(at) : Scalar(0);
                more[c] = static_cast<Scalar>(settings_.confidence) * r;
                if (r > Scalar(0)) math::add_scaled(Scalar(1) + more[c], y[c], out, stride);
            }
            add_products(y, more, a);
        }
        return math::cholesky(a, Width, stride);
    }
    void solve_all(const sparse_rows<Scalar>& all, const arena<Scalar>& fixed, const arena<Scalar>& gram, arena<Scalar>& out) const {
        for (std::size_t r = 0; r < all.count(); ++r)
            if (!solve(all.row(r), fixed, gram, out.data() + r * stride)) detail::require(not_definite());
    }

    implicit_als_settings settings_;
    arena<Scalar> users_, items_;  // (users, stride), (items, stride), padding zero
    arena<Scalar> gram_;           // Y'Y of the items: (Width, stride)
};

}  // namespace rivulet::inline RIVULET_ABI
