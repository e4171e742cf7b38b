// SPDX-License-Identifier: MIT
// One aligned block of numbers, copied, hashed and written as a whole: where all weights of a pipeline lie.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "config.hpp"

namespace rivulet::inline RIVULET_ABI {

template <class Scalar> class arena {
public:
    static constexpr std::size_t alignment = 64;  // a cache line and the widest register

    arena() = default;
    /// `size` zeros; throws std::bad_alloc.
    explicit arena(std::size_t size) : size_(size), data_(size ? allocate(size) : block()) { std::fill_n(data(), size_, Scalar(0)); }
    arena(const arena& other) : size_(other.size_), data_(other.size_ ? allocate(other.size_) : block()) {
        std::copy_n(other.data(), size_, data());
    }
    arena(arena&& other) noexcept : size_(std::exchange(other.size_, 0)), data_(std::move(other.data_)) {}
    arena& operator=(const arena& other) {
        if (this == &other) return *this;
        if (size_ == other.size_)
            std::copy_n(other.data(), size_, data());
        else
            *this = arena(other);
        return *this;
    }
    arena& operator=(arena&& other) noexcept {
        size_ = std::exchange(other.size_, 0);
        data_ = std::move(other.data_);
        return *this;
    }

    Scalar* data() noexcept { return data_.get(); }
    const Scalar* data() const noexcept { return data_.get(); }
    std::size_t size() const noexcept { return size_; }
    std::span<Scalar> span() noexcept { return {data(), size_}; }
    std::span<const Scalar> span() const noexcept { return {data(), size_}; }
    std::span<const std::byte> bytes() const noexcept { return std::as_bytes(span()); }

    /// Makes room for `size` numbers and keeps what was there; new ones are zero. Strong guarantee.
    void resize(std::size_t size) {
        arena larger(size);
        std::copy_n(data(), std::min(size, size_), larger.data());
        *this = std::move(larger);
    }

private:
    static constexpr bool large(std::size_t bytes) noexcept { return bytes >= 2 * detail::large_page; }
    struct release {
        bool large = false;
        void operator()(Scalar* block) const noexcept {
            ::operator delete(block, std::align_val_t(large ? detail::large_page : alignment));
        }
    };
    using block = std::unique_ptr<Scalar[], release>;

    static block allocate(std::size_t size) {
        constexpr std::size_t most = static_cast<std::size_t>(-1) / 2;  // bytes; refused by operator new, as is what would wrap around
        const std::size_t bytes = size > most / sizeof(Scalar) ? most : size * sizeof(Scalar);
        if (!large(bytes)) return block(static_cast<Scalar*>(::operator new(bytes, std::align_val_t(alignment))), {false});
        block made(static_cast<Scalar*>(::operator new(bytes, std::align_val_t(detail::large_page))), {true});
        detail::prefer_large_pages(made.get(), bytes);
        return made;
    }

    std::size_t size_ = 0;
    block data_;
};

}  // namespace rivulet::inline RIVULET_ABI
