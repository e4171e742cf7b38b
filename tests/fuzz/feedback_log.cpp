// SPDX-License-Identifier: MIT
// libFuzzer over the reader of logs: any bytes as a log's file, by every policy. With checksums off, which would hide what lies behind
// them; what is accepted is opened, appended to and opened again.
//   clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -Iinclude -Itests tests/fuzz/feedback_log.cpp -o fuzz_feedback_log
//   ./fuzz_feedback_log -max_len=4096 -max_total_time=300 CORPUS
// Started with the first argument `seed` and a folder it writes sound logs there to begin from.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

#include "../persist/log_story.hpp"

namespace rv = rivulet;

namespace {

const std::string path = "log/feedback-00000000000000000001.log";

void must(bool holds) {
    if (!holds) std::abort();
}

void read(std::span<const std::byte> bytes, rv::log_policy policy, bool verify) {
    rv::detail::log_rules rules{.model = 77, .key = {1, 2}, .largest_record = 100, .largest_type = 5, .policy = policy};
    rules.verify_checksums = verify;
    rv::detail::log_reader reader(rules);
    std::uint64_t given = 0, last = 0, sum = 0;
    const auto on_record = [&](const rv::log_record& record) {
        must(record.sequence > last && !record.payload.empty() && record.payload.size() <= 100 && record.type >= 1 && record.type <= 5);
        last = record.sequence;
        ++given;
        for (const std::byte byte : record.payload) sum += static_cast<std::uint64_t>(byte);
    };
    const bool whole = reader.read(path, bytes, 1, true, on_record, rv::detail::ignore{});
    const rv::log_report& report = reader.report;
    must(report.delivered == given && report.records == given && report.bytes == bytes.size());
    must(report.bytes_dropped <= bytes.size() && reader.in_doubt <= reader.end && reader.end <= bytes.size());
    must(whole || report.fault != rv::log_fault::none);
    must(!report.message().empty());
    if (policy != rv::log_policy::salvage && whole) must(reader.end == bytes.size());
}

void open_and_append(std::span<const std::byte> bytes, rv::log_policy policy) {
    test::simulated_files files;
    files.put_durable(path, {bytes.begin(), bytes.end()});
    auto settings = test::small_settings();
    settings.policy = policy;
    settings.largest_type = 5;
    std::int64_t now = 0;
    std::uint64_t last = 0;
    try {
        test::simulated_log log(files, settings, {}, rv::detail::ignore{}, rv::detail::ignore{}, test::manual_clock{&now});
        must(static_cast<bool>(log.append(1, test::payload_of(1))));
        last = log.acknowledged();
    } catch (const rv::error&) { return; }
    settings.policy = rv::log_policy::strict;
    must(rv::read_log(files, settings, {}, rv::detail::ignore{}).head.sequence == last);
    must(files.open_files == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    for (const auto policy :
         {rv::log_policy::strict, rv::log_policy::tolerate_tail, rv::log_policy::point_in_time, rv::log_policy::salvage})
        for (const bool verify : {false, true}) read(bytes, policy, verify);
    for (const auto policy : {rv::log_policy::tolerate_tail, rv::log_policy::point_in_time}) open_and_append(bytes, policy);
    return 0;
}

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
    if (*count < 3 || std::string_view((*arguments)[1]) != "seed") return 0;
    for (int events = 0; events < 12; ++events) {
        test::simulated_files files;
        test::log_story story{files, test::small_settings(events % 2 ? rv::sync_every_event : rv::sync_group(3, 0))};
        story.settings.file_bytes = 1 << 20;
        must(story.open());
        for (int i = 0; i < events; ++i) must(story.append());
        story.sync();
        const auto& bytes = files.at(path);
        std::ofstream((*arguments)[2] + std::string("/sound-") + std::to_string(events), std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    std::exit(0);
}
