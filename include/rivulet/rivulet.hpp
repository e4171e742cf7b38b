// SPDX-License-Identifier: MIT
// All of rivulet, in the order in which data flows: the map of the library.
#pragma once

// what everything stands on
#include "core/arena.hpp"
#include "core/binding.hpp"
#include "core/concepts.hpp"
#include "core/config.hpp"
#include "core/description.hpp"
#include "core/error.hpp"
#include "core/hash.hpp"
#include "core/random.hpp"
#include "core/rows.hpp"
#include "math/list_loss.hpp"
#include "math/loss.hpp"
#include "math/output_loss.hpp"

// what a host brings
#include "input/feature.hpp"
#include "input/missing.hpp"
#include "input/record.hpp"

// what is made of it
#include "attend/attend.hpp"
#include "attend/decay.hpp"
#include "attend/interest.hpp"
#include "attend/scaled_dot_product.hpp"
#include "attend/self_attention.hpp"
#include "attend/transformer.hpp"
#include "attend/transformer_block.hpp"
#include "fuse/bilinear.hpp"
#include "fuse/cross.hpp"
#include "fuse/fuse.hpp"
#include "fuse/gate.hpp"
#include "fuse/maybe.hpp"
#include "fuse/pass.hpp"
#include "layer/activation.hpp"
#include "layer/cross_layers.hpp"
#include "layer/dense.hpp"
#include "layer/dropout.hpp"
#include "layer/layer.hpp"
#include "layer/layer_norm.hpp"
#include "layer/residual.hpp"
#include "layer/stack.hpp"
#include "rank/mlp.hpp"
#include "rank/network.hpp"
#include "rank/top_k.hpp"
#include "reduce/moments.hpp"
#include "reduce/pca.hpp"
#include "reduce/random_projection.hpp"
#include "reduce/standardise.hpp"

// how it learns
#include "update/adagrad.hpp"
#include "update/adam.hpp"
#include "update/adamw.hpp"
#include "update/feedback.hpp"
#include "update/ftrl.hpp"
#include "update/momentum.hpp"
#include "update/rmsprop.hpp"
#include "update/schedule.hpp"
#include "update/sgd.hpp"

// how it works together
#include "pipeline/catalogue.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/reservoir.hpp"
#include "pipeline/train.hpp"

// how it lasts
#include "persist/snapshot.hpp"
