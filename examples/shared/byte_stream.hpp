// SPDX-License-Identifier: MIT
// The bytes or the lines of a file, unpacked if it is gzipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace shared {

/// Read as bytes or as lines, not both. What goes wrong is thrown as bad_input, with the name of the file.
class byte_stream {
public:
    static constexpr std::size_t longest_line = std::size_t(1) << 20;

    explicit byte_stream(const std::filesystem::path& file);
    ~byte_stream();
    byte_stream(const byte_stream&) = delete;
    byte_stream& operator=(const byte_stream&) = delete;

    /// Appends at most `count` bytes to `out`, fewer only at the end of the file.
    void read(std::vector<std::uint8_t>& out, std::size_t count);
    /// The next line without its end, \n; false if there is none.
    bool next_line(std::string& line);

private:
    struct source;  // zlib's or the standard library's
    void open();
    std::size_t some(char* to, std::size_t count);

    std::filesystem::path file_;
    std::unique_ptr<source> from_;
    std::vector<char> buffer_;
    std::size_t next_ = 0, end_ = 0;  // of the buffer: what no line has had
};

/// Whether this build reads gzipped files; without it they are refused.
[[nodiscard]] bool reads_gzip() noexcept;

/// NAME or NAME.gz in a folder; throws bad_input if it has neither.
[[nodiscard]] std::filesystem::path find_file(const std::filesystem::path& folder, const std::string& name);

}  // namespace shared
