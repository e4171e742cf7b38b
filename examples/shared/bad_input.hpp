// SPDX-License-Identifier: MIT
// What an example throws for a file or an argument that it cannot take.
#pragma once

#include <stdexcept>

namespace shared {

/// what() is one sentence that can be shown to the user as it is.
class bad_input : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace shared
