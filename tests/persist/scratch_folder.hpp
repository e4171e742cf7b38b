// SPDX-License-Identifier: MIT
// A folder that is there as long as the test.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>

namespace test {

class scratch_folder {
public:
    explicit scratch_folder(const std::string& name) {
        namespace fs = std::filesystem;
        for (int i = 0; path_.empty(); ++i)
            if (const fs::path one = fs::temp_directory_path() / ("rivulet-" + name + "-" + std::to_string(i)); fs::create_directory(one))
                path_ = one;
    }
    ~scratch_folder() {
        std::error_code ignored;
        std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
        std::filesystem::remove_all(path_, ignored);
    }
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;
    std::string file(const std::string& name) const { return (path_ / name).string(); }
    const std::filesystem::path& path() const { return path_; }
    std::size_t files() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator()));
    }

private:
    std::filesystem::path path_;
};

}  // namespace test
