// SPDX-License-Identifier: MIT
// Which object something was made for, told without comparing what is in it and without a count that all objects share.
#pragma once

#include <memory>

#include "config.hpp"

namespace rivulet::inline RIVULET_ABI {

/// A member that makes an object one of its kind: a copy of the object is another, and one that was moved is the same at its new place.
/// Whoever made something for the object keeps its mark. A mark that somebody keeps is no other object's, even when the object is gone.
class identity {
public:
    using mark = std::shared_ptr<const bool>;

    /// Throws std::bad_alloc, as do copies.
    identity() : mark_(std::make_shared<const bool>()) {}
    identity(const identity&) : identity() {}
    identity(identity&&) noexcept = default;
    identity& operator=(const identity&) { return *this = identity(); }
    identity& operator=(identity&&) noexcept = default;

    /// May be copied on many threads at once. Null of what was moved from.
    const mark& own() const noexcept { return mark_; }

private:
    mark mark_;
};

}  // namespace rivulet::inline RIVULET_ABI
