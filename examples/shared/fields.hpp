// SPDX-License-Identifier: MIT
// A text file as lines of fields with one character between them, and the sentences about those that are not as expected.
#pragma once

#include "bad_input.hpp"
#include "byte_stream.hpp"
#include "text.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <vector>

namespace shared {

/// What is wrong is thrown as bad_input, with the file, the line, what was expected and what was got.
class fields {
public:
    /// Where a thing lies in its list, by its id.
    using places = std::unordered_map<std::uint64_t, std::size_t>;

    /// Each line has as many fields as `expected`; with 0, as many as it has.
    fields(const std::filesystem::path& file, char between, std::size_t expected)
        : name_(clean(file.string())), between_(between), expected_(expected), in_(file) {}

    bool next() {
        if (!in_.next_line(text_)) return false;
        ++line_;
        if (!text_.empty() && text_.back() == '\r') text_.pop_back();
        fields_.clear();
        for (std::string_view rest = text_;;) {
            const std::size_t end = rest.find(between_);
            fields_.push_back(rest.substr(0, end));
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 1);
        }
        if (expected_ > 0) require(expected_);
        return true;
    }
    /// The first line, which must be this one.
    void skip_header(std::string_view names) {
        if (next() && text_ == names) return;
        line_ = 1;
        fail("the header " + shown(names), shown(text_));
    }
    /// Refuses a line of another number of fields.
    void require(std::size_t count) const {
        if (fields_.size() != count)
            fail(std::to_string(count) + (between_ == '\t' ? " fields with a tab" : std::string(" fields with a ") + between_) +
                     " between them",
                 std::to_string(fields_.size()));
    }
    std::size_t count() const { return fields_.size(); }
    std::string_view field(std::size_t i) const { return fields_[i]; }

    /// A whole number from `least` to `most`.
    template <class Number> Number number(std::size_t i, Number least, Number most, std::string_view what) const {
        Number n = 0;
        const std::string_view text = fields_[i];
        const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), n);
        if (error != std::errc{} || stop != text.data() + text.size() || n < least || n > most)
            fail(std::string(what) + " from " + std::to_string(least) + " to " + std::to_string(most), shown(text));
        return n;
    }
    std::uint64_t id(std::size_t i, std::string_view what) const {
        return number<std::uint64_t>(i, 0, std::numeric_limits<std::uint64_t>::max(), what);
    }
    std::int64_t time(std::size_t i) const { return number<std::int64_t>(i, 0, std::int64_t{1} << 40, "seconds since 1970"); }
    /// The same id, of something that another file tells of.
    std::size_t known(std::size_t i, std::string_view what, const places& in) const {
        const auto found = in.find(id(i, what));
        if (found == in.end()) fail(std::string(what) + " that the other files tell of", shown(fields_[i]));
        return found->second;
    }

    static std::string shown(std::string_view text) { return "\"" + shortened(clean(text), 40) + "\""; }
    [[noreturn]] void fail(const std::string& expected, const std::string& got) const {
        throw bad_input(name_ + ", line " + std::to_string(line_) + ": expected " + expected + ", got " + got);
    }
    [[noreturn]] void fail_empty() const { throw bad_input(name_ + ": expected at least one line, got none"); }

private:
    std::string name_;
    char between_;
    std::size_t expected_;
    byte_stream in_;
    std::string text_;
    std::vector<std::string_view> fields_;
    std::size_t line_ = 0;
};

}  // namespace shared
