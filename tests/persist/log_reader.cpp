// SPDX-License-Identifier: MIT
// Logs that were cut, changed or made up: each gets the verdict that is documented, and no event is ever given that was not appended.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "log_story.hpp"

namespace rv = rivulet;
using rv::log_fault;
using rv::log_policy;
using test::file_bytes;
namespace at = rv::detail::record_at;
namespace header_at = rv::detail::log_at;

namespace {

constexpr std::size_t header_size = rv::detail::log_header_size;
const std::string first_file = "log/feedback-00000000000000000001.log";

/// A log of so many events in one file, or in files of 400 bytes.
file_bytes written(std::uint64_t events, rv::sync_policy sync = rv::sync_every_event) {
    test::simulated_files files;
    test::log_story story{files, test::small_settings(sync)};
    story.settings.file_bytes = 1 << 20;
    REQUIRE(story.open());
    for (std::uint64_t i = 0; i < events; ++i) REQUIRE(story.append());
    story.sync();
    return files.at(first_file);
}
test::simulated_files in_many_files(std::uint64_t events) {
    test::simulated_files files;
    test::log_story story{files, test::small_settings()};
    REQUIRE(story.open());
    for (std::uint64_t i = 0; i < events; ++i) REQUIRE(story.append());
    story.log.reset();
    return files;
}
std::vector<std::string> names_of(const test::simulated_files& files) {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files.contents())
        if (name.ends_with(".log")) names.push_back(name);
    return names;
}

template <class T> T take(const file_bytes& bytes, std::size_t offset) { return rv::detail::load_little<T>(bytes.data() + offset); }
template <class T> void put(file_bytes& bytes, std::size_t offset, T value) { rv::detail::store_little(bytes.data() + offset, value); }
std::size_t size_at(const file_bytes& bytes, std::size_t offset) {
    return rv::detail::record_size(take<std::uint32_t>(bytes, offset + at::length));
}
/// Where the records of a sound file begin, and where the last ends.
std::vector<std::size_t> places(const file_bytes& bytes) {
    std::vector<std::size_t> found{header_size};
    while (found.back() < bytes.size()) found.push_back(found.back() + size_at(bytes, found.back()));
    return found;
}
/// The checksums of a record made to match: what somebody with bad intent, but without the key, would write.
void seal(file_bytes& bytes, std::size_t offset) {
    std::byte id[8];
    std::copy_n(bytes.begin() + header_at::file_id, 8, id);
    const std::uint32_t salt = rv::crc32c(id);
    const auto record = std::span<const std::byte>(bytes).subspan(offset);
    const std::size_t size = std::min(size_at(bytes, offset), record.size());
    put(bytes, offset + at::payload_check, rv::crc32c(record.first(size).subspan(40), salt));
    put(bytes, offset + at::check, rv::crc32c(record.first(40).subspan(4), salt));
}
void seal_header(file_bytes& bytes, const rv::hash_key& key = {1, 2}) {
    put(bytes, header_at::check, rv::crc32c(std::span<const std::byte>(bytes).first(header_at::check)));
    put(bytes, header_at::tag, rv::siphash(key).finish(std::span<const std::byte>(bytes).first(header_at::tag)));
}

struct verdict {
    rv::log_report report;
    std::vector<std::uint64_t> events;  // sequences given
    std::string refusal;                // in words; empty when the log was taken
    rv::errc code = rv::errc::none;
    bool invented = false;  // an event that was never appended, or twice
};
verdict read(test::simulated_files& files, log_policy policy, rv::log_position from = {}) {
    auto settings = test::small_settings();
    settings.policy = policy;
    settings.largest_type = 5;
    verdict found;
    const auto take_record = [&](const rv::log_record& record) {
        const auto expected = test::payload_of(record.sequence);
        if (!std::equal(expected.begin(), expected.end(), record.payload.begin(), record.payload.end()) ||
            (!found.events.empty() && record.sequence <= found.events.back()))
            found.invented = true;
        found.events.push_back(record.sequence);
    };
    try {
        rv::read_log(files, settings, from, take_record, [&](const rv::log_report& so_far) { found.report = so_far; });
    } catch (const rv::error& refused) {
        found.refusal = refused.what();
        found.code = refused.code();
    }
    return found;
}
verdict read(file_bytes bytes, log_policy policy, rv::log_position from = {}) {
    test::simulated_files files;
    files.put_durable(first_file, std::move(bytes));
    return read(files, policy, from);
}
std::vector<std::uint64_t> up_to(std::uint64_t last, std::uint64_t but = 0) {
    std::vector<std::uint64_t> all;
    for (std::uint64_t i = 1; i <= last; ++i)
        if (i != but) all.push_back(i);
    return all;
}
/// That a log of `events` is taken up to the fault at `offset`, an error for all policies but those that tolerate it.
void expect_fault(const file_bytes& bytes, log_fault fault, std::size_t offset, std::uint64_t before, std::uint64_t salvaged) {
    for (const auto policy : {log_policy::strict, log_policy::tolerate_tail, log_policy::point_in_time, log_policy::salvage}) {
        CAPTURE(policy);
        const verdict found = read(bytes, policy);
        CHECK(found.report.fault == fault);
        CHECK(found.report.offset == offset);
        CHECK(found.report.path == first_file);
        CHECK(found.refusal.empty() == rv::detail::tolerates(policy, fault));
        CHECK_FALSE(found.invented);
        if (policy == log_policy::salvage) {
            CHECK(found.events.size() == salvaged);
        } else {
            CHECK(found.events == up_to(before));
            CHECK(found.report.bytes_dropped == bytes.size() - offset);
            CHECK(found.report.faults == 1);
        }
    }
}

}  // namespace

TEST_CASE("a sound log is taken by every policy, with nothing dropped") {
    for (const auto sync : {rv::sync_every_event, rv::sync_group(4, 0), rv::sync_never}) {
        const auto bytes = written(10, sync);
        for (const auto policy : {log_policy::strict, log_policy::tolerate_tail, log_policy::point_in_time, log_policy::salvage}) {
            const verdict found = read(bytes, policy);
            CHECK(found.refusal == "");
            CHECK(found.events == up_to(10));
            CHECK(found.report.head.sequence == 10);
            CHECK(found.report.records == 10);
            CHECK(found.report.bytes == bytes.size());
            CHECK(found.report.bytes_total == bytes.size());
            CHECK(found.report.bytes_dropped == 0);
            CHECK(found.report.faults == 0);
            CHECK(found.report.message() == "no fault");
        }
    }
}

TEST_CASE("no file, an empty file and a header alone hold no events") {
    test::simulated_files none;
    CHECK(read(none, log_policy::strict).refusal == "");
    CHECK(read(file_bytes{}, log_policy::strict).refusal == "");
    const verdict header = read(written(0), log_policy::strict);
    CHECK(header.refusal == "");
    CHECK(header.events.empty());
    CHECK(header.report.head == rv::log_position{});
}

TEST_CASE("cut at every byte: all whole records are taken, the rest is counted, and only a strict reader refuses") {
    for (const auto sync : {rv::sync_every_event, rv::sync_group(4, 0)}) {
        const auto bytes = written(6, sync);
        const auto begins = places(bytes);
        for (std::size_t size = header_size; size <= bytes.size(); ++size) {
            CAPTURE(size);
            const file_bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
            const std::size_t whole = static_cast<std::size_t>(std::upper_bound(begins.begin(), begins.end(), size) - begins.begin()) - 1;
            const bool at_an_edge = begins[whole] == size;
            const verdict found = read(cut, log_policy::tolerate_tail);
            REQUIRE(found.refusal == "");
            REQUIRE(found.events == up_to(whole));
            REQUIRE(found.report.bytes_dropped == size - begins[whole]);
            REQUIRE(found.report.fault == (at_an_edge ? log_fault::none : log_fault::torn_tail));
            if (!at_an_edge) REQUIRE(found.report.offset == begins[whole]);
            REQUIRE(read(cut, log_policy::strict).refusal.empty() == at_an_edge);
        }
        for (std::size_t size = 1; size < header_size; ++size)  // a file has its name only when its header is durable
            REQUIRE(read(file_bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)), log_policy::tolerate_tail)
                        .report.fault == log_fault::corrupt);
    }
}

TEST_CASE("every bit flipped: the verdict says where, nothing changed is given, and what was durable is no tail") {
    for (const auto sync : {rv::sync_every_event, rv::sync_group(3, 0)}) {
        auto bytes = written(6, sync);
        const auto begins = places(bytes);
        const std::size_t tail_from = begins[sync.events == 1 ? 5 : 3];  // the last group: nothing after shows that it was durable
        for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
            CAPTURE(bit);
            bytes[bit / 8] ^= std::byte(1 << bit % 8);
            const verdict found = read(bytes, log_policy::tolerate_tail), salvaged = read(bytes, log_policy::salvage);
            bytes[bit / 8] ^= std::byte(1 << bit % 8);
            REQUIRE_FALSE(found.invented);
            REQUIRE_FALSE(salvaged.invented);
            if (bit / 8 < header_size) {
                REQUIRE(found.report.fault == (bit / 8 < header_at::tag ? log_fault::corrupt : log_fault::key));
                REQUIRE(found.events.empty());
                continue;
            }
            const auto record = static_cast<std::size_t>(std::upper_bound(begins.begin(), begins.end(), bit / 8) - begins.begin()) - 1;
            REQUIRE(found.report.offset == begins[record]);
            REQUIRE(found.events == up_to(record));
            REQUIRE(found.report.bytes_dropped == bytes.size() - begins[record]);
            REQUIRE(found.report.fault == (begins[record] < tail_from ? log_fault::corrupt : log_fault::torn_tail));
            REQUIRE(found.refusal.empty() == (begins[record] >= tail_from));
            REQUIRE(salvaged.events == up_to(6, record + 1));
        }
    }
}

TEST_CASE("a tail of zeros or of anything else that is no record is a torn tail, counted to the byte") {
    rv::random draw(1);
    for (const std::size_t length : {1u, 7u, 8u, 39u, 40u, 41u, 500u, 5000u})
        for (const bool zeros : {true, false}) {
            auto bytes = written(4);
            const std::size_t end = bytes.size();
            bytes.resize(end + length);
            if (!zeros)
                for (std::size_t i = end; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(draw.bits());
            const verdict found = read(bytes, log_policy::tolerate_tail);
            CHECK(found.events == up_to(4));
            CHECK(found.report.fault == log_fault::torn_tail);
            CHECK(found.report.offset == end);
            CHECK(found.report.bytes_dropped == length);
            const verdict strict = read(bytes, log_policy::strict);
            CHECK(strict.refusal == "feedback log: " + first_file + ", offset " + std::to_string(end) + ": torn tail");
            CHECK(strict.code == rv::errc::format);
        }
}

TEST_CASE("a page of zeros in the middle of what was durable is no tail") {
    auto bytes = written(60);
    const auto begins = places(bytes);
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begins[20]), bytes.begin() + static_cast<std::ptrdiff_t>(begins[40] + 16),
              std::byte(0));
    expect_fault(bytes, log_fault::corrupt, begins[20], 20, 39);
}

TEST_CASE("of a group that was being written when the power failed any part may be missing: a tail, though whole records follow") {
    const auto bytes = written(9, rv::sync_group(3, 0));
    const auto begins = places(bytes);
    auto torn = bytes;
    torn[begins[6] + 50] ^= std::byte(1);  // of the last group, whose other two records are whole
    expect_fault(torn, log_fault::torn_tail, begins[6], 6, 8);
    torn = bytes;
    torn[begins[5] + 50] ^= std::byte(1);  // the next group shows that this one was durable
    expect_fault(torn, log_fault::corrupt, begins[5], 5, 8);
}

TEST_CASE("records that match their checksums and cannot be: length 0, too long, past the end, of an unknown type or flag") {
    const auto bytes = written(6);
    const auto begins = places(bytes);
    const auto changed = [&](std::size_t field, auto value) {
        auto other = bytes;
        put(other, begins[3] + field, value);
        seal(other, begins[3]);
        return other;
    };
    expect_fault(changed(at::length, std::uint32_t(0)), log_fault::corrupt, begins[3], 3, 5);
    expect_fault(changed(at::length, std::uint32_t(101)), log_fault::limit, begins[3], 3, 5);
    expect_fault(changed(at::length, ~std::uint32_t(0)), log_fault::limit, begins[3], 3, 5);
    expect_fault(changed(at::type, std::uint16_t(0)), log_fault::type, begins[3], 3, 5);
    expect_fault(changed(at::type, std::uint16_t(6)), log_fault::type, begins[3], 3, 5);
    expect_fault(changed(at::flags, std::uint16_t(2)), log_fault::type, begins[3], 3, 5);
    CHECK(read(changed(at::length, std::uint32_t(101)), log_policy::strict).refusal ==
          "feedback log: " + first_file + ", offset " + std::to_string(begins[3]) +
              ": a record is too long: expected at most 100, got 101");
    CHECK(read(changed(at::length, std::uint32_t(101)), log_policy::strict).code == rv::errc::limit);
    CHECK(read(changed(at::type, std::uint16_t(6)), log_policy::strict).refusal ==
          "feedback log: " + first_file + ", offset " + std::to_string(begins[3]) +
              ": a type or flag that is not known here: expected types up to 5, got 6");

    auto past_the_end = written(9);
    const std::size_t eighth = places(past_the_end)[7];
    REQUIRE(eighth + rv::detail::record_size(100) > past_the_end.size());
    put(past_the_end, eighth + at::length, std::uint32_t(100));
    seal(past_the_end, eighth);
    expect_fault(past_the_end, log_fault::corrupt, eighth, 7, 8);
}

TEST_CASE("sequences: a gap, a repetition, one from further back") {
    const auto bytes = written(6);
    const auto begins = places(bytes);
    const auto part = [&](std::size_t from, std::size_t to) {
        return std::vector(bytes.begin() + static_cast<std::ptrdiff_t>(begins[from]),
                           bytes.begin() + static_cast<std::ptrdiff_t>(begins[to]));
    };
    const auto glue = [&](std::initializer_list<file_bytes> parts) {
        file_bytes all(bytes.begin(), bytes.begin() + header_size);
        for (const auto& one : parts) all.insert(all.end(), one.begin(), one.end());
        return all;
    };
    expect_fault(glue({part(0, 3), part(4, 6)}), log_fault::gap, begins[3], 3, 5);
    expect_fault(glue({part(0, 3), part(2, 6)}), log_fault::duplicate, begins[3], 3, 6);
    expect_fault(glue({part(0, 3), part(0, 1), part(3, 6)}), log_fault::stale, begins[3], 3, 6);
    expect_fault(glue({part(0, 2), part(3, 4), part(2, 3), part(4, 6)}), log_fault::gap, begins[2], 2, 5);  // two changed places
    expect_fault(glue({part(1, 6)}), log_fault::gap, header_size, 0, 5);
    CHECK(read(glue({part(0, 3), part(4, 6)}), log_policy::strict).refusal ==
          "feedback log: " + first_file + ", offset " + std::to_string(begins[3]) + ": events are missing: expected sequence 4, got 5");
}

TEST_CASE("a block of another file, with the same sequences, is no record of this one") {
    const auto bytes = written(6);
    const auto begins = places(bytes);
    test::simulated_files files;
    test::log_story other{files, test::small_settings()};
    other.now = 999999;  // a file begun at another time has another id
    other.settings.file_bytes = 1 << 20;
    REQUIRE(other.open());
    for (int i = 0; i < 6; ++i) REQUIRE(other.append());
    const auto foreign = files.at(first_file);
    REQUIRE(foreign.size() == bytes.size());
    auto mixed = bytes;
    std::copy(foreign.begin() + static_cast<std::ptrdiff_t>(begins[4]), foreign.end(),
              mixed.begin() + static_cast<std::ptrdiff_t>(begins[4]));
    expect_fault(mixed, log_fault::torn_tail, begins[4], 4, 4);
    mixed = bytes;
    std::copy(foreign.begin() + static_cast<std::ptrdiff_t>(begins[2]), foreign.begin() + static_cast<std::ptrdiff_t>(begins[3]),
              mixed.begin() + static_cast<std::ptrdiff_t>(begins[2]));
    expect_fault(mixed, log_fault::corrupt, begins[2], 2, 5);
}

TEST_CASE("every byte of a payload, type, time or sequence that is edited and sealed again without the key breaks the chain") {
    const auto bytes = written(4);
    const auto begins = places(bytes);
    for (std::size_t offset = begins[1] + at::type; offset < begins[2]; ++offset) {
        if (offset >= begins[1] + at::flags && offset < begins[1] + at::sequence) continue;  // flags: above
        CAPTURE(offset - begins[1]);
        auto edited = bytes;
        edited[offset] ^= std::byte(1);
        seal(edited, begins[1]);
        const verdict found = read(edited, log_policy::tolerate_tail), salvaged = read(edited, log_policy::salvage);
        REQUIRE(found.report.offset == begins[1]);
        const bool sequence = offset >= begins[1] + at::sequence && offset < begins[1] + at::time;
        if (!sequence) REQUIRE((found.report.fault == log_fault::chain || found.report.fault == log_fault::type));
        REQUIRE_FALSE(found.refusal.empty());
        REQUIRE(found.events == up_to(1));
        REQUIRE_FALSE(found.invented);
        const bool chain = offset >= begins[1] + at::chain && offset < begins[1] + rv::detail::record_header_size;
        if (chain) REQUIRE(salvaged.events == std::vector<std::uint64_t>{1, 4});  // the third follows from what was there before
        if (!chain && !sequence) REQUIRE(salvaged.events == std::vector<std::uint64_t>{1, 3, 4});
    }
    CHECK(read(
              [&] {
                  auto edited = bytes;
                  edited[begins[1] + 45] ^= std::byte(1);
                  seal(edited, begins[1]);
                  return edited;
              }(),
              log_policy::strict)
              .refusal ==
          "feedback log: " + first_file + ", offset " + std::to_string(begins[1]) + ": record 2 does not follow from the one before it");
}

TEST_CASE("a record taken away, and the rest numbered and sealed again, breaks the chain") {
    const auto bytes = written(6);
    const auto begins = places(bytes);
    auto shorter = bytes;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(begins[2]), shorter.begin() + static_cast<std::ptrdiff_t>(begins[3]));
    std::uint64_t sequence = 3;
    for (std::size_t offset = begins[2]; offset < shorter.size(); offset += size_at(shorter, offset)) {
        put(shorter, offset + at::sequence, sequence++);
        seal(shorter, offset);
    }
    const verdict found = read(shorter, log_policy::tolerate_tail);
    CHECK(found.report.fault == log_fault::chain);
    CHECK(found.report.offset == begins[2]);
    CHECK(found.events == up_to(2));
}

TEST_CASE("a tail taken away at the edge of a record shows only against what a snapshot keeps") {
    const auto bytes = written(6);
    const auto begins = places(bytes);
    const file_bytes shorter(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(begins[4]));
    CHECK(read(shorter, log_policy::strict).refusal == "");
    const auto position = [&](std::size_t sequence) {
        return rv::log_position{sequence, take<std::uint64_t>(bytes, begins[sequence - 1] + at::chain)};
    };
    for (std::size_t sequence = 1; sequence <= 6; ++sequence)
        for (const auto policy : {log_policy::strict, log_policy::tolerate_tail, log_policy::point_in_time, log_policy::salvage}) {
            CAPTURE(sequence);
            const verdict found = read(shorter, policy, position(sequence));
            CHECK((found.report.fault == log_fault::anchor) == (sequence > 4));
            CHECK(found.refusal.empty() == (sequence <= 4));
            CHECK(found.events.size() == (sequence < 4 ? 4 - sequence : 0));
            if (sequence > 4) CHECK(found.code == rv::errc::mismatch);
        }
    CHECK(read(shorter, log_policy::strict, position(5)).refusal ==
          "feedback log: log, offset 0: the log does not hold what the snapshot has learned: expected sequence 5, got 4");
    for (const auto policy : {log_policy::strict, log_policy::point_in_time, log_policy::salvage}) {  // other events, as many of them
        CHECK(read(bytes, policy, {3, position(3).chain ^ 1}).report.fault == log_fault::anchor);
        CHECK_FALSE(read(bytes, policy, {3, position(3).chain ^ 1}).refusal.empty());
    }
    test::simulated_files none;
    CHECK(read(none, log_policy::tolerate_tail, position(1)).report.fault == log_fault::anchor);
}

TEST_CASE("times that go back are taken and counted") {
    test::simulated_files files;
    test::log_story story{files, test::small_settings()};
    REQUIRE(story.open());
    for (const std::int64_t now : {100, 200, 150, 160, -5, 0, 0}) {
        story.now = now;
        REQUIRE(story.append());
    }
    story.log.reset();
    const verdict found = read(files, log_policy::strict);
    CHECK(found.events == up_to(7));
    CHECK(found.report.times_back == 2);
}

TEST_CASE("the log of another model, under another key, or of a later version is refused by every policy") {
    const auto bytes = written(3);
    const auto changed = [&](std::size_t field, auto value) {
        auto other = bytes;
        put(other, field, value);
        seal_header(other);
        return other;
    };
    for (const auto policy : {log_policy::strict, log_policy::tolerate_tail, log_policy::point_in_time, log_policy::salvage}) {
        const verdict model = read(changed(header_at::model, std::uint64_t(78)), policy);
        CHECK(model.refusal == "feedback log: " + first_file + ", offset 24: the log of another model: expected hash 77, got 78");
        CHECK(model.code == rv::errc::mismatch);
        const verdict version = read(changed(header_at::version, std::uint32_t(2)), policy);
        CHECK(version.refusal == "feedback log: " + first_file + ", offset 8: another format: expected version 1, got 2");
        CHECK(read(changed(header_at::zero, std::uint32_t(1)), policy).report.fault == log_fault::version);
        CHECK(read(changed(header_at::more_zero, std::uint32_t(1)), policy).report.fault == log_fault::version);
        auto forged = bytes;
        seal_header(forged, {3, 4});
        CHECK(read(forged, policy).refusal == "feedback log: " + first_file + ", offset 64: another key, or an edited header");
        CHECK(read(changed(header_at::first_sequence, std::uint64_t(0)), policy).events.empty());
        auto magic = bytes;
        magic[0] = std::byte('R');
        CHECK(read(magic, policy).report.fault == log_fault::corrupt);
        CHECK(read(file_bytes(500), policy).report.fault == log_fault::corrupt);
        for (const verdict& one : {model, version}) CHECK(one.events.empty());
    }
}

TEST_CASE("files: one missing, cut though another follows, under another's name, or before the snapshot") {
    const auto whole = in_many_files(24);
    const auto names = names_of(whole);
    REQUIRE(names.size() > 4);
    const auto first_of = [](const std::string& name) { return rv::detail::sequence_of_name(name.substr(4)); };
    const auto reading = [](test::simulated_files files, log_policy policy, rv::log_position from = {}) {
        return read(files, policy, from);
    };
    CHECK(reading(whole, log_policy::strict).events == up_to(24));

    auto missing = whole;
    missing.erase_durable(names[2]);
    verdict found = reading(missing, log_policy::tolerate_tail);
    CHECK(found.report.fault == log_fault::gap);
    CHECK(found.report.path == names[3]);
    CHECK(found.events == up_to(first_of(names[2]) - 1));
    CHECK_FALSE(found.refusal.empty());
    found = reading(missing, log_policy::salvage);
    CHECK(found.refusal == "");
    CHECK(found.events.size() == 24 - (first_of(names[3]) - first_of(names[2])));

    auto first_missing = whole;
    first_missing.erase_durable(names[0]);
    found = reading(first_missing, log_policy::tolerate_tail);
    CHECK(found.report.fault == log_fault::gap);
    CHECK(found.report.expected == 1);
    CHECK(found.report.got == first_of(names[1]));

    for (std::size_t less = 1; less < 60; ++less) {
        auto cut = whole;
        auto bytes = whole.at(names[1]);
        bytes.resize(bytes.size() - less);
        cut.put_durable(names[1], bytes);
        found = reading(cut, log_policy::tolerate_tail);
        REQUIRE((found.report.fault == log_fault::corrupt || found.report.fault == log_fault::gap));
        REQUIRE_FALSE(found.refusal.empty());
    }
    auto emptied = whole;
    emptied.put_durable(names[1], {});
    CHECK(reading(emptied, log_policy::tolerate_tail).report.fault == log_fault::corrupt);

    auto swapped = whole;
    swapped.put_durable(names[1], whole.at(names[2]));
    swapped.put_durable(names[2], whole.at(names[1]));
    CHECK(reading(swapped, log_policy::tolerate_tail).report.fault == log_fault::gap);

    auto bad_header = whole;
    auto bytes = whole.at(names[1]);
    bytes[20] ^= std::byte(1);
    bad_header.put_durable(names[1], bytes);
    CHECK(reading(bad_header, log_policy::point_in_time).events == up_to(first_of(names[1]) - 1));
    CHECK(reading(bad_header, log_policy::salvage).events.size() == 24 - (first_of(names[2]) - first_of(names[1])));

    // Only what a snapshot does not cover is read: files before it may be damaged or gone.
    const std::uint64_t start = first_of(names[3]) - 1;
    const rv::log_position from{start, take<std::uint64_t>(whole.at(names[3]), header_at::chain)};
    auto damaged = whole;
    damaged.erase_durable(names[0]);
    damaged.put_durable(names[1], file_bytes(100));
    found = reading(damaged, log_policy::strict, from);
    CHECK(found.refusal == "");
    CHECK(found.events.size() == 24 - start);
    CHECK(reading(whole, log_policy::strict, {start, from.chain ^ 1}).report.fault == log_fault::anchor);
    damaged.erase_durable(names[3]);
    CHECK(reading(damaged, log_policy::tolerate_tail, from).report.fault != log_fault::none);
    for (const auto& name : names)
        if (name != names[5]) damaged.erase_durable(name);
    CHECK(reading(damaged, log_policy::tolerate_tail, from).report.fault == log_fault::gap);
}

TEST_CASE("noise under a sound header, read by every policy, gives nothing and ends soon") {
    const auto header = written(0);
    rv::random draw(5);
    for (const std::size_t size : {std::size_t(100), std::size_t(1) << 20}) {
        auto bytes = header;
        bytes.resize(size);
        for (std::size_t i = header_size; i < size; ++i) bytes[i] = static_cast<std::byte>(draw.bits());
        expect_fault(bytes, log_fault::torn_tail, header_size, 0, 0);
    }
}

TEST_CASE("progress is told about every 2^20 bytes and at the end") {
    test::simulated_files files;
    auto settings = test::small_settings(rv::sync_never);
    settings.largest_record = 1000;
    settings.file_bytes = 3 << 20;
    std::int64_t now = 0;
    {
        test::simulated_log log(files, settings, {}, rv::detail::ignore{}, rv::detail::ignore{}, test::manual_clock{&now});
        const file_bytes payload(1000, std::byte(7));
        for (int i = 0; i < 6000; ++i) REQUIRE(log.append(1, payload));
    }
    std::vector<std::uint64_t> bytes;
    const auto report =
        rv::read_log(files, settings, {}, rv::detail::ignore{}, [&](const rv::log_report& so_far) { bytes.push_back(so_far.bytes); });
    CHECK(report.delivered == 6000);
    CHECK(report.bytes == report.bytes_total);
    CHECK(bytes.size() >= 7);
    CHECK(bytes.size() <= 12);
    CHECK(std::is_sorted(bytes.begin(), bytes.end()));
    CHECK(bytes.back() == report.bytes_total);
}
