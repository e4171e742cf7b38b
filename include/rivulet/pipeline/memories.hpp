// SPDX-License-Identifier: MIT
// What components keep beside the arena, around a step: rows made for new ids before it; kept, counted and bounded after it, or forgotten.
#pragma once

#include <cstddef>
#include <span>
#include <tuple>

#include "plan.hpp"

namespace rivulet::inline RIVULET_ABI::detail {

/// f(integral_constant i, component, memory) for every component that has one.
template <class Plan, class Memories, class F> void each_memory(const Plan& plan, Memories& kept, F&& f) {
    each<Plan::count>([&](auto i) {
        using component = std::tuple_element_t<i, decltype(Plan::components)>;
        if constexpr (has_memory<component>) f(i, std::get<i>(plan.components), std::get<i>(kept));
    });
}
/// f(table) for every table of rows.
template <class Plan, class Memories, class F> void each_table(const Plan& plan, Memories& kept, F&& f) {
    each_memory(plan, kept, [&](auto, const auto&, auto& memory) { memory.tables(f); });
}

/// Rows for ids that an example brings for the first time, where their tables admit them. `learns(i)`: whether component i learns.
template <class Plan, class Example, class Learns>
void admit(const Plan& plan, const typename Plan::scalar* w, typename Plan::memories& kept, const Example& one, Learns&& learns) noexcept {
    each_memory(plan, kept, [&](auto i, const auto& stage, auto& memory) {
        if (!learns(i)) return;
        using component = std::remove_cvref_t<decltype(stage)>;
        const auto* const own = Plan::template own<i>(w);
        if constexpr (requires { stage.admit(own, memory, one.request); } && component::bound == binding::context)
            stage.admit(own, memory, one.request);
        else if constexpr (requires { stage.admit_context(own, memory, one.request); })
            stage.admit_context(own, memory, one.request);
        for (const auto& outcome : std::span(one.outcomes))
            if constexpr (requires { stage.admit(own, memory, outcome.item); } && component::bound == binding::candidate)
                stage.admit(own, memory, outcome.item);
            else if constexpr (requires { stage.admit_candidate(w, memory, outcome.item); })
                stage.admit_candidate(w + Plan::at.candidate[i], memory, outcome.item);
    });
}

/// Tells an event to the components that teach themselves. `step`: as a part of one, which some want to hear of and some not.
template <class Plan, class Request, class Item, class Feedback, class Learns>
void observe(const Plan& plan, const typename Plan::scalar* w, typename Plan::memories& kept, const Request& request, const Item& item,
             const Feedback& said, Learns&& learns, bool step = false) noexcept {
    each_memory(plan, kept, [&](auto i, const auto& stage, auto& memory) {
        if constexpr (requires { stage.observe(w, memory, request, item, said); }) {
            bool wanted = learns(i) && said.weight > 0;
            if constexpr (requires { stage.steps_teach(); }) wanted = wanted && (!step || stage.steps_teach());
            if (wanted) stage.observe(Plan::template own<i>(w), memory, request, item, said);
        }
    });
}

/// After a step: what the ids of an example are counted for, and what components remember of the event itself.
template <class Plan, class Example, class Learns>
void remember(const Plan& plan, const typename Plan::scalar* w, typename Plan::memories& kept, const Example& one,
              Learns&& learns) noexcept {
    each_memory(plan, kept, [&](auto i, const auto& stage, auto& memory) {
        if (!learns(i)) return;
        using component = std::remove_cvref_t<decltype(stage)>;
        if constexpr (requires { stage.sighted(memory, one.request); } && component::bound == binding::context)
            stage.sighted(memory, one.request);
        else if constexpr (requires { stage.sighted_context(memory, one.request); })
            stage.sighted_context(memory, one.request);
        for (const auto& outcome : std::span(one.outcomes)) {
            if constexpr (requires { stage.sighted(memory, outcome.item); } && component::bound == binding::candidate)
                stage.sighted(memory, outcome.item);
            else if constexpr (requires { stage.sighted_candidate(memory, outcome.item); })
                stage.sighted_candidate(memory, outcome.item);
        }
    });
    for (const auto& outcome : std::span(one.outcomes)) observe(plan, w, kept, one.request, outcome.item, outcome.feedback, learns, true);
}

/// After a step: what is least used makes room for what the next one brings.
template <class Plan> void make_room(const Plan& plan, typename Plan::memories& kept) noexcept {
    each_table(plan, kept, [&](auto& table) { table.make_room(); });
}

/// Whether what was read into the blocks of memories can be what this updater has left there.
template <class Updater, class Plan> status validate_state(const Plan& plan, const typename Plan::memories& kept) noexcept {
    using scalar = typename Plan::scalar;
    status found;
    each_memory(plan, kept, [&](auto, const auto&, const auto& memory) {
        if (found) found = memory.validate_state([](scalar number, std::size_t kind) { return state_accepts<Updater>(number, kind); });
    });
    return found;
}
template <class Plan> std::size_t bytes_of(const Plan& plan, const typename Plan::memories& kept) noexcept {
    std::size_t bytes = 0;
    each_memory(plan, kept, [&](auto, const auto&, const auto& memory) { bytes += memory.memory(); });
    return bytes;
}

/// Whether no table pulls its rows towards zero, which some updaters do not take.
template <class Plan> status check_unshrunk(const Plan& plan, const typename Plan::memories& kept) noexcept {
    status found;
    each_table(plan, kept, [&](const auto& table) {
        if (table.shrinks()) found = {errc::setting, "an updater that looks ahead, such as scale_free, takes no shrink: it must be 0"};
    });
    return found;
}

/// Keeps the rows that were made for a step, or leaves no trace of them.
template <class Plan> void settle(const Plan& plan, typename Plan::memories& kept, bool learned) noexcept {
    each_table(plan, kept, [&](auto& table) { table.settle(learned); });
}

}  // namespace rivulet::inline RIVULET_ABI::detail
