// SPDX-License-Identifier: MIT
// Fits what is estimated rather than learned, and keeps right what was learned over it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <type_traits>

#include "../core/arena.hpp"
#include "../math/dense.hpp"
#include "plan.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// After a new fit of component I: its rows of the first layer and the bias, so that the layer gives what it gave under the old fit.
/// `w` holds the old weights, `next` a copy of them but for the new fit.
template <std::size_t I, class Plan, class Scalar> void reexpress(const Plan& plan, const Scalar* w, Scalar* next) {
    const auto& stage = std::get<I>(plan.components);
    constexpr auto at = Plan::at;
    constexpr std::size_t width = std::remove_cvref_t<decltype(stage)>::width, stride = padded(Plan::first);
    arena<Scalar> m(width * width), c(width);
    stage.change_of_basis(Plan::template fitted<I>(w), Plan::template fitted<I>(static_cast<const Scalar*>(next)), m.data(), c.data());
    const Scalar* const old_block = w + at.block[I];
    std::fill_n(next + at.block[I], width * stride, Scalar(0));
    math::multiply<Scalar>({m.data(), width, width}, width, old_block, Plan::first, {next + at.block[I], width, stride});
    math::multiply<Scalar>({c.data(), 1, width}, width, old_block, Plan::first, {next + at.bias, 1, stride});
}

/// Fits what is fitted on a feature, from rows of it or an estimate, in `next`, a copy of `w`; `keep`: so that what was learned over the
/// old outputs stays right. False if there is nothing to fit.
template <class Feature, class Plan, class Scalar, class Source>
bool fit(const Plan& plan, const Scalar* w, Scalar* next, bool keep, const Source& source) {
    bool found = false;
    each<Plan::count>([&](auto i) {
        const auto& stage = std::get<i>(plan.components);
        constexpr bool here = std::is_same_v<fitted_inputs<std::remove_cvref_t<decltype(stage)>>, features<Feature>>;
        constexpr bool of_candidate = here && requires { stage.fit_candidate(next, source); };
        if constexpr (of_candidate || (here && requires { stage.fit(next, source); })) {
            found = true;
            if constexpr (of_candidate)
                stage.fit_candidate(Plan::template fitted<i>(next), source);
            else
                stage.fit(Plan::template fitted<i>(next), source);
            if (keep) reexpress<i>(plan, w, next);
        }
    });
    return found;
}

}  // namespace rivulet::inline RIVULET_ABI::detail
