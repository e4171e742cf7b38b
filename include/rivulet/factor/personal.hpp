// SPDX-License-Identifier: MIT
// A Bayesian linear state for every user over item factors, solved exactly from the user's own recent events.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "../core/concepts.hpp"
#include "../core/rows.hpp"
#include "../input/ids.hpp"
#include "../math/settings.hpp"
#include "personal_state.hpp"

namespace rivulet::inline RIVULET_ABI {

/// out = c + b_item + [1, q_item] . u + drift: the label that this user is expected to give this item.
///
/// c is the mean of all labels. u is the mean of a Gaussian posterior: a prior with precision R = diag(ridge_bias, ridge, ...) and mean
/// m = [1, attributes] M, and the user's last `history` events, the t-th newest with precision decay^t, each saying that
/// label = c + b + [1, q] . u for its item. So u = A^-1 (R m + sum decay^t x (label - c - b)) with A = R + sum decay^t x x', x = [1, q],
/// and x' A^-1 x is the variance of x . u in units of the labels' noise (Bishop 2006, section 3.3): exact, current, and there from the
/// first event. `drift` follows moods: a fading mean of what the state missed of the user's last events.
///
/// [b, q] = own row + [1, content] P: an item is scored at first sight from its content, and its own events add to that.
///
/// It teaches itself, from labels, whatever the pipeline's loss is; the ranker learns how far to trust it. With each event, and again with
/// `rehearse` past ones, it makes the state that a user had before an event, looks what it misses of the next few, and moves own rows, P
/// and M against the gradient of the squares, through the solution to the rows of the user's earlier events, too.
///
/// `Features`: dense features of the request (attributes) and of the item (content). A request costs O(history Width^2 + Width^3), a
/// candidate O(Width), an event (1 + rehearse / stretch) requests. Memory is fixed at construction.
template <std::size_t Width, class User, class Item, class... Features> struct personal {
    static_assert(detail::is_ids<User> && User::bound == binding::context && detail::is_ids<Item> && Item::bound == binding::candidate,
                  "personal<Width, User, Item, ...> takes ids of the request and ids of the item");
    room_for_ids users{.capacity = 4096};
    room_for_ids items{.capacity = 16384};
    personal_settings how{};

    static constexpr std::size_t states = Width + 1;  // [bias, factors]
    template <binding Side>
    static constexpr std::size_t dense = ((Features::bound == Side ? Features::width : std::size_t(0)) + ... + std::size_t(0));
    static constexpr std::size_t content = dense<binding::candidate>, attributes = dense<binding::context>;

    using inputs = features<User, Item, Features...>;
    static constexpr std::size_t width = 1, weights = 0, candidate_weights = 0;
    static constexpr binding bound = binding::pair;
    static constexpr bool fitted = true;
    template <class T> using memory = detail::personal_memory<T, states, content, attributes>;
    template <class T> using state = detail::personal_state<T, states>;

    status validate() const noexcept {
        for (const status& found : {users.validate(), items.validate(), how.validate()})
            if (!found) return found;
        return {};
    }
    std::string settings() const {
        return "users " + std::to_string(users.capacity) + ", items " + std::to_string(items.capacity) + ", " + how.text();
    }
    template <class T> memory<T> make_memory(std::size_t) const {
        return {detail::item_factors<T, states, content>(items),
                detail::user_histories<T, attributes>(users, how.kept, how.log),
                arena<T>((1 + attributes) * padded(states)),
                {.drawn = 1 + how.seed}};
    }
    template <class T> static const auto& published(const memory<T>& known) noexcept { return known.items; }

    template <class T> struct context_part {
        state<T> posterior;
        T offset;  // c + drift
    };
    static constexpr std::size_t candidate_part = states;  // [b, q]

    template <class T, class Request>
    void prepare_context(const T*, const memory<T>& known, const Request& request, context_part<T>& kept) const noexcept {
        const auto& list = request.template get<User>();
        const std::uint32_t user = list.count() == 0 ? id_directory::none : known.users.ids.find(list.id(0));
        std::array<T, attributes + 1> about;
        gather<binding::context>(request, about.data());
        kept.posterior.solve(how, known, user, user == id_directory::none ? 0 : known.users.seen[user], about.data());
        kept.offset = known.centre() + kept.posterior.drift;
    }
    template <class T, class Known, class Record>
    void prepare_candidate(const T*, const Known& known, const Record& item, T* part) const noexcept {
        const auto& list = item.template get<Item>();
        const std::uint32_t slot = list.count() == 0 ? id_directory::none : known.ids.find(list.id(0));
        if (slot != id_directory::none) return static_cast<void>(std::copy_n(known.row(slot), states, part));
        std::array<T, content + 1> about;
        gather<binding::candidate>(item, about.data());
        known.start_of(about.data(), part);
    }
    template <class T>
    void forward(const T*, const memory<T>&, const context_part<T>& kept, rows<const T> parts, rows<T> out) const noexcept {
        for (std::size_t r = 0; r < out.count; ++r) *out[r] = kept.offset + kept.posterior.expect(parts[r]);
    }

    bool steps_teach() const noexcept { return how.steps_teach; }
    /// After a step: remembers the event and learns from it.
    template <class T, class Request, class Record, class Feedback>
    void observe(const T*, memory<T>& known, const Request& request, const Record& item, const Feedback& said) const noexcept {
        const auto& who = request.template get<User>();
        const auto& what = item.template get<Item>();
        if (who.count() == 0 || what.count() == 0) return;
        std::array<T, attributes + 1> of_user;
        std::array<T, content + 1> of_item;
        gather<binding::context>(request, of_user.data());
        gather<binding::candidate>(item, of_item.data());
        detail::personal_lesson<T, states, content, attributes> lesson{how, known};
        lesson.learn(who.id(0), what.id(0), said.label, of_user.data(), of_item.data());
    }

    /// What each of the user's events that the state is solved from adds: decay^t x' A^-1 x_t (label - c - b_t). The rest is what would be
    /// expected without any: c, the item's b, the prior, and drift.
    template <class T, class Request, class Record, class See>
    void explain(const T*, const T*, const memory<T>& known, const Request& request, const Record& item, See&& see) const {
        const auto& who = request.template get<User>();
        const std::uint32_t user = who.count() == 0 ? id_directory::none : known.users.ids.find(who.id(0));
        if (user == id_directory::none) return;
        context_part<T> kept;
        prepare_context<T>(nullptr, known, request, kept);
        std::array<T, states> asked;
        prepare_candidate<T>(nullptr, known.items, item, asked.data());
        asked[0] = T(1);
        math::cholesky_solve(kept.posterior.factor.data(), asked.data(), states, state<T>::stride);
        T counts = 1;
        state<T>::each_slot(known, user, known.users.seen[user], how.history, [&](std::uint32_t slot, float label) {
            const T* const row = known.items.row(slot);
            const T along = asked[0] + math::dot(asked.data() + 1, row + 1, states - 1);
            const T numbers = counts * along * (static_cast<T>(label) - known.centre() - row[0]);
            const item_id id = known.items.ids.id(slot);
            see(std::span<const item_id>(&id, 1), &numbers);
            counts *= static_cast<T>(how.decay);
        });
    }

    /// What is expected of a pair, and how sure that is: `variance` of the user's part, in the square of the label's unit.
    struct estimate {
        double mean, variance;
    };
    template <class T, class Request, class Record>
    estimate about(const memory<T>& known, const Request& request, const Record& item) const noexcept {
        context_part<T> kept;
        std::array<T, states> part;
        prepare_context<T>(nullptr, known, request, kept);
        prepare_candidate<T>(nullptr, known.items, item, part.data());
        const T mean = kept.offset + kept.posterior.expect(part.data());
        return {static_cast<double>(mean), known.noise() * static_cast<double>(kept.posterior.variance(part.data()))};
    }

private:
    /// The numbers of a side's dense features, one after the other.
    template <binding Side, class T, class Record> static void gather([[maybe_unused]] const Record& record, T* out) noexcept {
        [[maybe_unused]] const auto take = [&]<class Feature>(features<Feature>) {
            if constexpr (Feature::bound == Side) out = std::copy_n(record.template get<Feature>().data, Feature::width, out);
        };
        (take(features<Features>{}), ...);
    }
};

}  // namespace rivulet::inline RIVULET_ABI
