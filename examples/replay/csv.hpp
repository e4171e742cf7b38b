// SPDX-License-Identifier: MIT
// Reads comma-separated values (RFC 4180) with a header row from a stream, record by record, and says exactly where one is wrong.
#pragma once

#include "../shared/bad_input.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <istream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace replay {

using namespace shared;

// Text from a file made safe to print: shortened to about `limit` bytes, and whatever could upset a terminal or fake a message escaped.
inline std::string escaped(std::string_view text, std::size_t limit) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (out.size() >= limit) { return out + "..."; }
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte >= 0x20 && byte < 0x7f) {
            out += c;
        } else {
            out += "\\x";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

inline std::string shown(std::string_view text, std::size_t limit = 40) { return '"' + escaped(text, limit) + '"'; }

// A file's name made safe to print; unlike other text it has to stay whole, and recognisable when it is not ASCII.
inline std::string shown_name(std::string name) {
    std::replace_if(
        name.begin(), name.end(), [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }, '?');
    return name;
}

// Decisions beyond the RFC: LF, CRLF and a missing last line end are all fine, a UTF-8 byte order mark and empty lines are skipped,
// every record has as many fields as the header, a quote may stand only around a whole field, and NUL bytes are refused.
class csv_reader {
public:
    // A longer record is a mistake, such as a quote never closed; the limit keeps memory bounded even for an endless input.
    static constexpr std::size_t max_record = std::size_t{1} << 20;

    // Reads the header row. `name` is what messages call the input.
    csv_reader(std::istream& in, std::string name) : in_{in}, name_{shown_name(std::move(name))}, buffer_(2 * max_record) {
        fill();
        if (filled_ >= 3 && std::memcmp(buffer_.data(), "\xEF\xBB\xBF", 3) == 0) { begin_ = 3; }
        if (!read_record()) { fail("expected a header row that names the columns, got none"); }
        columns_.assign(fields_.begin(), fields_.end());
    }

    const std::vector<std::string>& columns() const { return columns_; }

    // The fields of the current record without their quotes; valid until the next call of next().
    const std::vector<std::string_view>& fields() const { return fields_; }

    // Goes to the next record; false at the end of the input.
    bool next() {
        if (!read_record()) { return false; }
        if (fields_.size() != columns_.size()) {
            fail(std::min(fields_.size(), columns_.size()),
                 "expected " + std::to_string(columns_.size()) + " fields as in the header, got " + std::to_string(fields_.size()));
        }
        return true;
    }

    // Throws bad_input for the current record, or for its field in `column` (counted from 0).
    [[noreturn]] void fail(const std::string& complaint) const {
        throw bad_input(name_ + ", line " + std::to_string(line_) + ": " + complaint);
    }
    [[noreturn]] void fail(std::size_t column, const std::string& complaint) const {
        std::string where = name_ + ", line " + std::to_string(line_) + ", column " + std::to_string(column + 1);
        if (column < columns_.size()) { where += " (" + escaped(columns_[column], 20) + ")"; }
        throw bad_input(where + ": " + complaint);
    }

private:
    // Moves the unread rest to the front of the buffer and reads on behind it; false when nothing more came.
    bool fill() {
        std::memmove(buffer_.data(), buffer_.data() + begin_, filled_ - begin_);
        filled_ -= begin_;
        begin_ = 0;
        in_.read(buffer_.data() + filled_, static_cast<std::streamsize>(buffer_.size() - filled_));
        if (in_.bad()) { fail("expected to read on, got an error of the system"); }
        const auto got = static_cast<std::size_t>(in_.gcount());
        filled_ += got;
        return got != 0;
    }

    // Sets fields_ to those of the next record that is not an empty line, and line_ to the line it starts on.
    bool read_record() {
        for (;;) {
            line_ = next_line_;
            const std::size_t size = measure();
            if (size == 0) { return false; }
            char* const first = buffer_.data() + begin_;
            char* last = first + size;
            begin_ += size;
            last -= last != first && last[-1] == '\n';
            last -= last != first && last[-1] == '\r';
            if (first != last) {
                split(first, last);
                return true;
            }
        }
    }

    // The bytes of the next record with its line end. A line end belongs to a field exactly when the quotes before it are odd in
    // number; records for which that does not hold are malformed, and split() then finds the misplaced quote.
    std::size_t measure() {
        std::size_t size = 0;
        bool inside = false;
        for (;;) {
            char* const from = buffer_.data() + begin_ + size;
            char* const until = buffer_.data() + filled_;
            char* const line_end = std::find(from, until, '\n');
            char* const stop = line_end != until ? line_end + 1 : until;
            inside ^= std::count(from, stop, '"') % 2 != 0;
            size += static_cast<std::size_t>(stop - from);
            if (size > max_record) {
                split(buffer_.data() + begin_, buffer_.data() + begin_ + max_record);
                fail("expected a line of at most " + std::to_string(max_record) + " bytes, got a longer one");
            }
            next_line_ += line_end != until;
            if (line_end != until ? !inside : !fill()) { return size; }
        }
    }

    void split(char* at, char* const end) {
        fields_.clear();
        for (;;) {
            at = at != end && *at == '"' ? quoted_field(at, end) : plain_field(at, end);
            if (at == end) { return; }
            ++at;  // the comma
        }
    }

    void add(std::string_view field) {
        if (field.find('\0') != std::string_view::npos) { fail(fields_.size(), "expected text, got a NUL byte in " + shown(field)); }
        fields_.push_back(field);
    }

    char* plain_field(char* const at, char* const end) {
        char* const stop = std::find(at, end, ',');
        const std::string_view field(at, static_cast<std::size_t>(stop - at));
        add(field);
        if (field.find('"') != std::string_view::npos) {
            fail(fields_.size() - 1, "expected a quote only around a whole field, got " + shown(field));
        }
        return stop;
    }

    // Doubled quotes become single ones in place, which only ever shortens the field.
    char* quoted_field(char* const at, char* const end) {
        char* const first = at + 1;
        char* out = first;
        for (char* from = first;;) {
            char* const quote = std::find(from, end, '"');
            out = out == from ? quote : std::copy(from, quote, out);
            const std::string_view field(first, static_cast<std::size_t>(out - first));
            if (quote == end) { fail(fields_.size(), "expected a closing quote, got none after " + shown(field)); }
            if (quote + 1 == end || quote[1] == ',') {
                add(field);
                return quote + 1;
            }
            if (quote[1] != '"') {
                fail(fields_.size(), "expected a comma or the line's end after the closing quote, got " +
                                         shown({quote + 1, static_cast<std::size_t>(end - quote - 1)}));
            }
            *out++ = '"';
            from = quote + 2;
        }
    }

    std::istream& in_;
    std::string name_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;   // where the unread part of the buffer starts
    std::size_t filled_ = 0;  // and where it ends
    std::size_t line_ = 1;    // where the current record starts
    std::size_t next_line_ = 1;
    std::vector<std::string> columns_;
    std::vector<std::string_view> fields_;
};

}  // namespace replay
