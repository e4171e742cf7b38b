// SPDX-License-Identifier: MIT
// Everything that a pipeline refuses of what it is given, before anything is computed or changed.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

#include "catalogue.hpp"
#include "objective.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// What is wrong with what a host brings to a pipeline of this plan, if anything is: the first of it.
template <class Plan> struct checks {
    using scalar = typename Plan::scalar;

    /// A feature's rows of many items.
    template <class Given> static status rows(const Given& part, std::size_t rows) noexcept {
        static_assert(is_ids<typename Given::feature> || std::same_as<typename Given::scalar, scalar>,
                      "the pipeline and the numbers given to it differ in type: float or double");
        return check_rows(part, rows);
    }
    template <class Request> static status request(const Request& request) noexcept {
        return check<scalar>(request, typename Plan::context_features{});
    }
    /// An entry of a catalogue, or a free item.
    template <class Item> static status item(const Item& item) noexcept {
        if constexpr (std::same_as<Item, typename catalogue<Plan>::entry>)
            return item ? status{} : status{errc::unknown_item, "catalogue", 0, 0, item.id()};
        else
            return check<scalar>(item, typename Plan::candidate_features{});
    }
    template <class Request, class Item> static status pair(const Request& one, const Item& other) noexcept {
        const status checked = request(one);
        return checked ? item(other) : checked;
    }
    /// What an updater that looks ahead does not take: more than one outcome a step.
    static status one_outcome(std::size_t got) noexcept {
        return {errc::limit, "learn (this updater takes one outcome a step)", 1, static_cast<double>(got)};
    }
    /// A request with its outcomes. `longest`: outcomes that the loss takes, or 0 for any number.
    template <class Loss, class Example>
    static status example(const Loss& loss, std::size_t longest, const Example& one, bool only_one) noexcept {
        const auto outcomes = std::span(one.outcomes);
        if (outcomes.empty()) return {errc::empty, "learn"};
        if (only_one && outcomes.size() > 1) return one_outcome(outcomes.size());
        if (listwise_loss<Loss, scalar> && outcomes.size() > longest)
            return {errc::limit, "setup.longest_list", static_cast<double>(longest), static_cast<double>(outcomes.size())};
        if (const status checked = request(one.request); !checked) return checked;
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
            if (const status checked = check_feedback(loss, outcomes[i].feedback, i); !checked) return checked;
            if (const status checked = item(outcomes[i].item); !checked) return checked;
        }
        return {};
    }
};

}  // namespace rivulet::inline RIVULET_ABI::detail
