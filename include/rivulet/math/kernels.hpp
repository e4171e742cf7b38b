// SPDX-License-Identifier: MIT
// The hot loops in the best instructions of the processor that they run on, for hosts that link rivulet::kernels: a table of functions.
//
// A host compiled for any x86-64 has registers of 4 numbers; most processors have 8 or 16. The compiled target rivulet::kernels holds the
// loops below for several instruction sets, chosen once while the program runs, and defines RIVULET_KERNELS for whoever links it: these
// loops over float then go through the table. Without it nothing here is used, and everything is header-only.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "simd.hpp"

/// One namespace whatever the flags: units built for different instruction sets meet here, so nothing but plain types crosses it. What
/// comes as `const void*` is a struct of the caller's, trivially copyable and of the same layout in every namespace.
namespace rivulet::kernels::inline v0_1 {

struct table {
    const char* instructions;  ///< what it was compiled for, as `rivulet::instructions` says it

    // math/vector.hpp
    float (*dot)(const float* x, const float* y, std::size_t n) noexcept;
    float (*dot_rectified)(const float* x, const float* y, std::size_t n) noexcept;
    void (*add_scaled)(float a, const float* x, float* y, std::size_t n) noexcept;
    void (*add_scaled_rows)(std::size_t count, const float* a, const float* x, std::size_t stride, float* y, std::size_t n) noexcept;
    void (*sum_of)(const float* x, const float* y, float* out, std::size_t n) noexcept;
    void (*sum_rectified)(const float* x, const float* y, float* out, std::size_t n) noexcept;
    void (*rectify)(float* x, std::size_t n) noexcept;
    void (*rectify_backward)(const float* rectified, float* slope, std::size_t n) noexcept;
    std::size_t (*first_nonfinite)(const float* x, std::size_t n) noexcept;

    // math/dense.hpp; rows are a pointer and a stride
    void (*multiply_columns)(const float* x, std::size_t x_stride, std::size_t n, std::size_t in, const float* w, std::size_t out,
                             std::size_t stride, const float* start, std::size_t start_stride, float* y, std::size_t y_stride) noexcept;
    void (*multiply_transposed)(const float* dy, std::size_t dy_stride, std::size_t n, std::size_t out, const float* w, std::size_t in,
                                float* dx, std::size_t dx_stride) noexcept;
    void (*add_outer)(const float* x, std::size_t x_stride, std::size_t n, std::size_t in, const float* dy, std::size_t dy_stride,
                      std::size_t out, float* dw) noexcept;

    // math/block_sparse.hpp: a block_sparse_view, piece by piece
    void (*affine_sparse)(const float* x, std::size_t x_stride, std::size_t n, const std::uint32_t* begin, std::size_t chunks,
                          const std::uint32_t* inputs, const float* weights, const float* bias, float* y, std::size_t y_stride) noexcept;

    // math/softmax.hpp, math/activation.hpp, math/layer_norm.hpp
    void (*softmax)(float* x, std::size_t n, float scale) noexcept;
    void (*softmax_padded)(float* x, std::size_t n, float scale) noexcept;
    void (*gelu)(const float* x, float* y, std::size_t n) noexcept;
    void (*gelu_backward)(const float* x, const float* dy, float* dx, std::size_t n) noexcept;
    void (*silu)(const float* x, float* y, std::size_t n) noexcept;
    void (*silu_backward)(const float* x, const float* dy, float* dx, std::size_t n) noexcept;
    void (*hyperbolic_tangent)(const float* x, float* y, std::size_t n) noexcept;
    void (*hyperbolic_tangent_backward)(const float* x, const float* dy, float* dx, std::size_t n) noexcept;
    void (*layer_norm)(const float* x, const float* scale, const float* shift, float epsilon, float* y, float* kept,
                       std::size_t n) noexcept;
    void (*layer_norm_backward)(const float* x, const float* scale, const float* kept, const float* dy, float* dx, float* d_scale,
                                float* d_shift, std::size_t n) noexcept;

    // math/moments.hpp
    void (*add_distances)(double weight, const float* x, const float* from, double* sums, std::size_t n) noexcept;
    void (*centre)(const double* mean, float factor, float* x, std::size_t n) noexcept;
    void (*fold_row)(double fade, const float* more, double lost, const double* rounding, double moved, const double* apart, double* row,
                     std::size_t n) noexcept;

    // math/cholesky.hpp
    bool (*cholesky)(float* a, std::size_t n, std::size_t stride) noexcept;
    void (*cholesky_forward)(const float* l, float* x, std::size_t n, std::size_t stride) noexcept;
    void (*cholesky_backward)(const float* l, float* x, std::size_t n, std::size_t stride) noexcept;

    // math/eight_bit_product.hpp, math/eight_bit_layer.hpp; encode_row's result is a coded_row
    void (*multiply_unsigned)(const std::uint8_t* x, std::size_t x_stride, std::size_t n, std::size_t in, const std::int8_t* packed,
                              std::size_t out, std::int32_t* y, std::size_t y_stride) noexcept;
    void (*multiply_streamed)(const std::int8_t* x, std::size_t in, const std::uint8_t* packed, std::size_t out, std::int32_t* y) noexcept;
    void (*encode_row)(const float* x, std::size_t n, std::uint8_t* codes, bool bound, void* coded_row) noexcept;
    void (*decode_rectified)(const std::int32_t* products, float scale, const float* scales, const float* bias, std::size_t n,
                             float* z) noexcept;
    float (*decode_and_weigh)(const std::int32_t* products, float scale, const float* scales, const float* bias, const float* w,
                              std::size_t n) noexcept;

    // math/row_products.hpp; false for a width that was not compiled
    bool (*row_products)(std::size_t width, const float* x, const float* rows, std::size_t count, float* products) noexcept;
    std::uint32_t (*which_count)(const float* scores, float least) noexcept;

    // attend/scaled_dot_product.hpp; the structs are an attention_call and an attention_backward_call
    void (*attend)(const void* call, float* shares) noexcept;
    void (*attend_backward)(const void* call, float* scratch) noexcept;

    // update/: settings of the updater, weights, slopes, an updater_state
    void (*descend_line)(float pace, float factor, const float* numbers, float* line, std::size_t n) noexcept;
    void (*momentum)(const void* settings, float* w, const float* g, const void* kept, std::size_t n) noexcept;
    void (*adagrad)(const void* settings, float* w, const float* g, const void* kept, std::size_t n) noexcept;
    void (*rmsprop)(const void* settings, float* w, const float* g, const void* kept, std::size_t n) noexcept;
    void (*adam)(const void* settings, float* w, const float* g, const void* kept, std::size_t n) noexcept;
    void (*adamw)(const void* settings, float* w, const float* g, const void* kept, std::size_t n) noexcept;
    void (*ftrl)(const void* settings, float* w, const float* g, const void* kept, std::size_t n) noexcept;
};

/// Null until something asked; set once to what fits this processor, or by `use`. Defined by rivulet::kernels.
extern std::atomic<const table*> chosen;
const table& choose() noexcept;

/// The tables that this processor can run, best first; the last is for any processor.
std::size_t available(const table** found, std::size_t room) noexcept;
/// Goes on with this table: for tests, and for hosts that want the same bytes on unequal machines. Not while something computes.
inline void use(const table& one) noexcept { chosen.store(&one, std::memory_order_release); }

/// What is in use. O(1): a load and a branch.
inline const table& in_use() noexcept {
    const table* const found = chosen.load(std::memory_order_acquire);
    return found != nullptr ? *found : choose();
}

}  // namespace rivulet::kernels::inline v0_1

namespace rivulet::inline RIVULET_ABI::kernel {

/// Whether a loop over T goes through the table: of float, for the instruction set of this unit, in a host that links rivulet::kernels.
template <class T, class Arch = simd::native>
inline constexpr bool apart = through_table&& std::is_same_v<T, float>&& std::is_same_v<Arch, simd::native>;

/// A struct that crossed the table.
template <class Struct> Struct received(const void* from) noexcept {
    static_assert(std::is_trivially_copyable_v<Struct>);
    Struct own;
    std::memcpy(static_cast<void*>(&own), from, sizeof own);
    return own;
}

}  // namespace rivulet::inline RIVULET_ABI::kernel
