// SPDX-License-Identifier: MIT
// The kernels of one instruction set, which the flags of this unit name; RIVULET_TABLE names the function that gives them.
#include <rivulet/attend/scaled_dot_product.hpp>
#include <rivulet/math/activation.hpp>
#include <rivulet/math/block_sparse.hpp>
#include <rivulet/math/cholesky.hpp>
#include <rivulet/math/eight_bit_layer.hpp>
#include <rivulet/math/layer_norm.hpp>
#include <rivulet/math/moments.hpp>
#include <rivulet/math/row_products.hpp>
#include <rivulet/update/adagrad.hpp>
#include <rivulet/update/adam.hpp>
#include <rivulet/update/adamw.hpp>
#include <rivulet/update/ftrl.hpp>
#include <rivulet/update/momentum.hpp>
#include <rivulet/update/rmsprop.hpp>
#include <rivulet/update/sgd.hpp>

namespace rivulet::kernels::inline v0_1 {

const table& RIVULET_TABLE() noexcept;

namespace {

template <class Updater> void step(const void* settings, float* w, const float* g, const void* kept, std::size_t n) noexcept {
    kernel::received<Updater>(settings).step(w, g, kernel::received<updater_state<float>>(kept), n);
}

template <std::size_t... Widths>
bool row_products(std::index_sequence<Widths...>, std::size_t width, const float* x, const float* rows, std::size_t count,
                  float* products) noexcept {
    return ((width == Widths && (math::row_products<Widths>(x, rows, count, products), true)) || ...);
}
using widths_of_rows = std::index_sequence<16, 32, 48, 64, 96, 100, 128, 192, 200, 256, 300, 384, 512, 768, 1024>;

void attend(const void* given, float* shares) noexcept {
    const auto call = kernel::received<detail::attention_call<float>>(given);
    scaled_dot_product<float>(call.queries, call.width, call.keys, call.values, call.value_width, call.out, {shares, call.keys.count},
                              call.mask);
}
void attend_backward(const void* given, float* scratch) noexcept {
    const auto call = kernel::received<detail::attention_backward_call<float>>(given);
    scaled_dot_product_backward<float>(call.queries, call.width, call.keys, call.values, call.value_width, call.out_slope, call.query_slope,
                                       call.key_slope, call.value_slope, {scratch, 2 * call.keys.count}, call.mask, call.added_slope);
}

constexpr table of_this_unit{
    .instructions = rivulet::instructions,
    .dot = [](const float* x, const float* y, std::size_t n) noexcept { return math::dot(x, y, n); },
    .dot_rectified = [](const float* x, const float* y,
                        std::size_t n) noexcept { return math::sum_of_products<true, float, simd::native>(x, y, n); },
    .add_scaled = [](float a, const float* x, float* y, std::size_t n) noexcept { math::add_scaled(a, x, y, n); },
    .add_scaled_rows =
        [](std::size_t count, const float* a, const float* x, std::size_t stride, float* y, std::size_t n) noexcept {
            if (count == 4) return math::add_scaled_rows<4>(a, x, stride, y, n);
            for (std::size_t r = 0; r < count; ++r) math::add_scaled(a[r], x + r * stride, y, n);
        },
    .sum_of = [](const float* x, const float* y, float* out, std::size_t n) noexcept { math::sum_of<false>(x, y, out, n); },
    .sum_rectified = [](const float* x, const float* y, float* out, std::size_t n) noexcept { math::sum_of<true>(x, y, out, n); },
    .rectify = [](float* x, std::size_t n) noexcept { math::rectify(x, n); },
    .rectify_backward = [](const float* rectified, float* slope, std::size_t n) noexcept { math::rectify_backward(rectified, slope, n); },
    .first_nonfinite = [](const float* x, std::size_t n) noexcept { return math::first_nonfinite(x, n); },
    .multiply_columns =
        [](const float* x, std::size_t x_stride, std::size_t n, std::size_t in, const float* w, std::size_t out, std::size_t stride,
           const float* start, std::size_t start_stride, float* y, std::size_t y_stride) noexcept {
            math::multiply_columns<float>({x, n, x_stride}, in, w, out, stride, {start, n, start_stride}, {y, n, y_stride});
        },
    .multiply_transposed =
        [](const float* dy, std::size_t dy_stride, std::size_t n, std::size_t out, const float* w, std::size_t in, float* dx,
           std::size_t dx_stride) noexcept {
            math::multiply_transposed<float>({dy, n, dy_stride}, out, w, in, {dx, n, dx_stride});
        },
    .add_outer =
        [](const float* x, std::size_t x_stride, std::size_t n, std::size_t in, const float* dy, std::size_t dy_stride, std::size_t out,
           float* dw) noexcept {
            math::add_outer<float>({x, n, x_stride}, in, {dy, n, dy_stride}, out, dw);
        },
    .affine_sparse =
        [](const float* x, std::size_t x_stride, std::size_t n, const std::uint32_t* begin, std::size_t chunks, const std::uint32_t* inputs,
           const float* weights, const float* bias, float* y, std::size_t y_stride) noexcept {
            math::affine<float>({x, n, x_stride}, math::block_sparse_view<float>{begin, inputs, weights, chunks}, bias, {y, n, y_stride});
        },
    .softmax = [](float* x, std::size_t n, float scale) noexcept { math::softmax<false>(x, n, scale); },
    .softmax_padded = [](float* x, std::size_t n, float scale) noexcept { math::softmax<true>(x, n, scale); },
    .gelu = [](const float* x, float* y, std::size_t n) noexcept { math::gelu(x, y, n); },
    .gelu_backward = [](const float* x, const float* dy, float* dx, std::size_t n) noexcept { math::gelu_backward(x, dy, dx, n); },
    .silu = [](const float* x, float* y, std::size_t n) noexcept { math::silu(x, y, n); },
    .silu_backward = [](const float* x, const float* dy, float* dx, std::size_t n) noexcept { math::silu_backward(x, dy, dx, n); },
    .hyperbolic_tangent = [](const float* x, float* y, std::size_t n) noexcept { math::hyperbolic_tangent(x, y, n); },
    .hyperbolic_tangent_backward = [](const float* x, const float* dy, float* dx,
                                      std::size_t n) noexcept { math::hyperbolic_tangent_backward(x, dy, dx, n); },
    .layer_norm = [](const float* x, const float* scale, const float* shift, float epsilon, float* y, float* kept,
                     std::size_t n) noexcept { math::layer_norm(x, scale, shift, epsilon, y, kept, n); },
    .layer_norm_backward = [](const float* x, const float* scale, const float* kept, const float* dy, float* dx, float* d_scale,
                              float* d_shift,
                              std::size_t n) noexcept { math::layer_norm_backward(x, scale, kept, dy, dx, d_scale, d_shift, n); },
    .add_distances = math::detail::add_distances<float>,
    .centre = math::detail::centre<float>,
    .fold_row = math::detail::fold_row<float>,
    .cholesky = [](float* a, std::size_t n, std::size_t stride) noexcept { return math::cholesky(a, n, stride); },
    .cholesky_forward = [](const float* l, float* x, std::size_t n,
                           std::size_t stride) noexcept { math::cholesky_forward(l, x, n, stride); },
    .cholesky_backward = [](const float* l, float* x, std::size_t n,
                            std::size_t stride) noexcept { math::cholesky_backward(l, x, n, stride); },
    .multiply_unsigned =
        [](const std::uint8_t* x, std::size_t x_stride, std::size_t n, std::size_t in, const std::int8_t* packed, std::size_t out,
           std::int32_t* y, std::size_t y_stride) noexcept {
            math::multiply(rows<const std::uint8_t>{x, n, x_stride}, in, packed, out, rows<std::int32_t>{y, n, y_stride});
        },
    .multiply_streamed = [](const std::int8_t* x, std::size_t in, const std::uint8_t* packed, std::size_t out,
                            std::int32_t* y) noexcept { math::multiply_streamed(x, in, packed, out, y); },
    .encode_row =
        [](const float* x, std::size_t n, std::uint8_t* codes, bool bound, void* row) noexcept {
            const math::coded_row found = bound ? math::encode_row<true>(x, n, codes) : math::encode_row<false>(x, n, codes);
            std::memcpy(row, &found, sizeof found);
        },
    .decode_rectified = [](const std::int32_t* products, float scale, const float* scales, const float* bias, std::size_t n,
                           float* z) noexcept { math::decode_rectified(products, scale, scales, bias, n, z); },
    .decode_and_weigh = [](const std::int32_t* products, float scale, const float* scales, const float* bias, const float* w,
                           std::size_t n) noexcept { return math::decode_and_weigh(products, scale, scales, bias, w, n); },
    .row_products = [](std::size_t width, const float* x, const float* rows, std::size_t count,
                       float* products) noexcept { return row_products(widths_of_rows{}, width, x, rows, count, products); },
    .which_count = [](const float* scores, float least) noexcept { return math::which_count(scores, least); },
    .attend = attend,
    .attend_backward = attend_backward,
    .descend_line = [](float pace, float factor, const float* numbers, float* line,
                       std::size_t n) noexcept { detail::descend_line(pace, factor, numbers, line, n); },
    .momentum = step<momentum>,
    .adagrad = step<adagrad>,
    .rmsprop = step<rmsprop>,
    .adam = step<adam>,
    .adamw = step<adamw>,
    .ftrl = step<ftrl>,
};

}  // namespace

const table& RIVULET_TABLE() noexcept { return of_this_unit; }

}  // namespace rivulet::kernels::inline v0_1
