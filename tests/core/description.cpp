// SPDX-License-Identifier: MIT
// What descriptions say of themselves, and what is said of one that says nothing.
#include <doctest/doctest.h>

#include <rivulet/core/description.hpp>

namespace described_things {

struct silent {};
struct talkative {
    int depth = 3;
    rivulet::status validate() const noexcept {
        if (depth > 0) return {};
        return {rivulet::errc::setting, "talkative.depth must be above 0", 0, static_cast<double>(depth)};
    }
    std::string settings() const { return "depth=" + std::to_string(depth); }
};

}  // namespace described_things

using namespace described_things;

TEST_CASE("a description is checked if it can be, and named with its settings if it has any") {
    CHECK(rivulet::detail::check_settings(silent{}));
    CHECK(rivulet::detail::check_settings(talkative{}));
    CHECK(rivulet::detail::check_settings(talkative{.depth = -2}).message() == "talkative.depth must be above 0, got -2");
    const std::string name = rivulet::detail::described(talkative{});
    CHECK(name.substr(name.size() - 18) == "talkative{depth=3}");
    CHECK(rivulet::detail::described(silent{}).find('{') == std::string::npos);
}
