// SPDX-License-Identifier: MIT
// Snapshots: what is saved is what is loaded, and bytes that were cut, changed or made up are refused before anything is believed.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <vector>

#if __has_include(<sys/resource.h>)
#include <csignal>
#include <sys/resource.h>
#endif

#include <rivulet/rivulet.hpp>

#include "../counting_new.hpp"
#include "../random_data.hpp"
#include "scratch_folder.hpp"

namespace rv = rivulet;
namespace fs = std::filesystem;

namespace {

struct shopper : rv::context<3> {};
struct recent : rv::context_sequence<2, 4> {};
struct price : rv::candidate<2> {};
struct user : rv::context_ids<> {};
struct tags : rv::candidate_ids<3> {};

/// One with tables: a few rows, so that files are small.
auto ranker_with_tables(std::size_t capacity = 8) {
    const rv::room_for_ids room{.capacity = capacity};
    return rv::pipeline{rv::fuse{rv::embed<user, 2>{.room = room}, rv::hashed<tags>{.bits = 3},
                                 rv::factorisation<2, user, tags>{.room = {room, room}}},
                        rv::additive{}, rv::adagrad{}};
}
template <class Ranker> void visit_some(Ranker& ranker, std::uint64_t seed, int steps = 30) {
    rv::random draw(seed);
    for (int i = 0; i < steps; ++i) {
        const std::array<rv::item_id, 2> on{draw.below(9), draw.below(9)};
        REQUIRE(ranker.learn(rv::request(rv::with<user>(draw.below(20))), rv::item(rv::with<tags>(on)), i % 2 ? rv::click : rv::skip));
    }
}

template <class T = float> auto small_ranker(std::uint64_t seed = 1, std::size_t heads = 1) {
    const rv::fuse fused{rv::pass<shopper>{}, rv::attend<recent, price, 2>{.heads = heads}, rv::pass<price>{}};
    return rv::basic_pipeline<T, std::remove_const_t<decltype(fused)>, rv::mlp<3>, rv::adagrad>(fused, rv::mlp<3>{}, rv::adagrad{},
                                                                                                rv::logistic{}, rv::setup{.seed = seed});
}
template <class Ranker> void learn_a_little(Ranker& ranker, std::uint64_t seed, int steps = 20) {
    using T = typename Ranker::scalar;
    rv::random draw(seed);
    for (int i = 0; i < steps; ++i) {
        const auto user = test::numbers<T>(draw, 3), history = test::numbers<T>(draw, 6), cost = test::numbers<T>(draw, 2);
        const auto visit = rv::request(rv::with<shopper>(user), rv::with<recent>(history));
        REQUIRE(ranker.learn(visit, rv::item(rv::with<price>(cost)), draw.unit() < 0.5 ? rv::click : rv::skip));
    }
}
template <class T = float> auto trained_ranker() {
    auto ranker = small_ranker<T>();
    learn_a_little(ranker, 5);
    return ranker;
}

using file_bytes = std::vector<std::byte>;
std::span<const std::byte> view(const file_bytes& bytes) { return bytes; }

// Where things lie, as the header of the snapshot's source says.
constexpr std::size_t version_at = 8, order_at = 12, signature_at = 16, scalar_at = 20, weights_at = 24, updater_at = 32, kept_at = 40,
                      steps_at = 48, signature_check_at = 56, check_at = 64, header_size = 72;

template <class T> void put(file_bytes& bytes, std::size_t at, T value) { std::memcpy(bytes.data() + at, &value, sizeof value); }
template <class T> T take(const file_bytes& bytes, std::size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}
/// The bytes with checksums that match them: what somebody with bad intent would write.
file_bytes sealed(file_bytes bytes) {
    put(bytes, check_at, rv::hash(view(bytes).first(check_at)));
    put(bytes, bytes.size() - 8, rv::hash(view(bytes).subspan(header_size, bytes.size() - header_size - 8)));
    return bytes;
}
template <class Ranker> std::size_t numbers_at(const Ranker& ranker) { return header_size + ranker.signature().size(); }

/// What load said, and that the pipeline is as it was. Empty when it was loaded.
template <class Ranker> std::string refusal(Ranker& ranker, const file_bytes& bytes, rv::errc* code = nullptr) {
    const std::uint64_t before = ranker.digest();
    try {
        rv::load(ranker, view(bytes));
    } catch (const rv::error& refused) {
        if (code) *code = refused.code();
        if (ranker.digest() != before) return "refused, but changed: " + std::string(refused.what());
        return refused.what();
    }
    return {};
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

file_bytes read_whole(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}
void write_whole(const std::string& path, const file_bytes& bytes) {
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}
template <class F> std::string error_of(F&& f, rv::errc expected) {
    try {
        f();
    } catch (const rv::error& refused) {
        CHECK(refused.code() == expected);
        return refused.what();
    }
    return "not refused";
}

}  // namespace

TEST_CASE_TEMPLATE("what was saved is loaded: equal digests, equal bytes, equal futures", T, float, double) {
    auto ranker = trained_ranker<T>();
    const file_bytes saved = rv::save(ranker);
    auto other = small_ranker<T>(99);
    CHECK(other.digest() != ranker.digest());
    rv::load(other, view(saved));
    CHECK(other.digest() == ranker.digest());
    CHECK(other.steps() == 20);
    CHECK(rv::save(other) == saved);
    CHECK(ranker.digest() == trained_ranker<T>().digest());  // saving changed nothing
    learn_a_little(ranker, 6);
    learn_a_little(other, 6);
    CHECK(other.digest() == ranker.digest());
    CHECK(rv::save(other) == rv::save(ranker));
}

TEST_CASE("the bytes are what the format says: header, signature, weights, updater's numbers, checksum") {
    const auto ranker = trained_ranker();
    const file_bytes saved = rv::save(ranker);
    const std::size_t first = numbers_at(ranker), weights = ranker.weights().size(), state = ranker.updater_numbers().size();
    CHECK(saved.size() == first + 4 * (weights + state) + 8);
    CHECK(std::memcmp(saved.data(), "rivulet\n", 8) == 0);
    CHECK(take<std::uint32_t>(saved, version_at) == 3);
    CHECK(take<std::uint32_t>(saved, order_at) == 0x01020304);
    CHECK(take<std::uint32_t>(saved, signature_at) == ranker.signature().size());
    CHECK(take<std::uint32_t>(saved, scalar_at) == 4);
    CHECK(take<std::uint64_t>(saved, weights_at) == weights);
    CHECK(take<std::uint64_t>(saved, updater_at) == state);
    CHECK(take<std::uint64_t>(saved, kept_at) == 0);
    CHECK(take<std::uint64_t>(saved, steps_at) == 20);
    CHECK(take<std::uint64_t>(saved, signature_check_at) == rv::hash(ranker.signature()));
    CHECK(std::memcmp(saved.data() + header_size, ranker.signature().data(), ranker.signature().size()) == 0);
    CHECK(std::memcmp(saved.data() + first, ranker.weights().data(), 4 * weights) == 0);
    CHECK(sealed(saved) == saved);
}

TEST_CASE("a file cut at any byte is refused, and the pipeline is as it was") {
    auto ranker = small_ranker(3);
    const file_bytes saved = rv::save(trained_ranker());
    for (std::size_t size = 0; size < saved.size(); ++size) {
        CAPTURE(size);
        rv::errc code{};
        const std::string why = refusal(ranker, {saved.begin(), saved.begin() + static_cast<std::ptrdiff_t>(size)}, &code);
        REQUIRE(why.starts_with("snapshot: "));
        REQUIRE(contains(why, std::to_string(size)));
        REQUIRE(code == rv::errc::format);
    }
}

TEST_CASE("a file with any one bit flipped is refused, and the pipeline is as it was") {
    auto ranker = small_ranker(3);
    file_bytes saved = rv::save(trained_ranker());
    for (std::size_t bit = 0; bit < 8 * saved.size(); ++bit) {
        saved[bit / 8] ^= std::byte(1 << bit % 8);
        const std::string why = refusal(ranker, saved);
        saved[bit / 8] ^= std::byte(1 << bit % 8);
        CAPTURE(bit);
        REQUIRE(why.starts_with("snapshot: "));
    }
    CHECK(refusal(ranker, saved).empty());
}

TEST_CASE("bytes after the end are refused with both sizes, and so are zeros, noise and a hole of zeros") {
    auto ranker = small_ranker(3);
    const file_bytes saved = rv::save(trained_ranker());
    auto longer = saved;
    longer.push_back(std::byte(0));
    CHECK(refusal(ranker, longer) ==
          "snapshot: expected " + std::to_string(saved.size()) + " bytes, got " + std::to_string(saved.size() + 1));
    CHECK(contains(refusal(ranker, file_bytes(saved.size())), "first 8 bytes"));
    rv::random draw(1);
    for (int round = 0; round < 100; ++round) {
        file_bytes noise(draw.below(2 * saved.size()));
        for (auto& byte : noise) byte = static_cast<std::byte>(draw.bits());
        REQUIRE_FALSE(refusal(ranker, noise).empty());
        auto hole = saved;
        const std::size_t from = draw.below(hole.size()), length = 1 + draw.below(200);
        std::fill_n(hole.begin() + static_cast<std::ptrdiff_t>(from), std::min(length, hole.size() - from), std::byte(0));
        if (hole != saved) REQUIRE_FALSE(refusal(ranker, hole).empty());
    }
}

TEST_CASE("another magic, version or byte order is named, even when the checksums match") {
    auto ranker = small_ranker(3);
    const file_bytes saved = rv::save(trained_ranker());
    auto magic = saved;
    magic[0] = std::byte('R');
    CHECK(refusal(ranker, sealed(magic)) == "snapshot: the first 8 bytes are not those of a rivulet snapshot");
    for (const std::uint32_t version : {0u, 1u, 2u, ~0u}) {
        auto newer = saved;
        put(newer, version_at, version);
        CHECK(refusal(ranker, sealed(newer)) ==
              "snapshot: format version " + std::to_string(version) + " at offset 8, this rivulet reads version 3");
    }
    auto swapped = saved;
    put(swapped, order_at, std::uint32_t(0x04030201));
    put(swapped, version_at, std::uint32_t(0x01000000));
    CHECK(refusal(ranker, sealed(swapped)) == "snapshot: byte order at offset 12 is another machine's");
    auto unsigned_file = saved;
    put(unsigned_file, signature_check_at, std::uint64_t(1));
    CHECK(contains(refusal(ranker, sealed(unsigned_file)), "the signature at offset 72 does not match its checksum"));
}

TEST_CASE("a damaged header and damaged numbers are told apart by the offset of the checksum") {
    auto ranker = small_ranker(3);
    auto header = rv::save(trained_ranker()), numbers = header;
    header[steps_at] ^= std::byte(1);
    CHECK(refusal(ranker, header) == "snapshot: the header's checksum at offset 64 does not match");
    numbers[numbers.size() - 20] ^= std::byte(1);
    CHECK(refusal(ranker, numbers) == "snapshot: the checksum at offset " + std::to_string(numbers.size() - 8) + " does not match");
}

TEST_CASE("the file of another pipeline is refused with both signatures") {
    auto ranker = small_ranker(3);
    auto with_two_heads = small_ranker(1, 2);
    auto in_double = small_ranker<double>();
    rv::pipeline wider{rv::fuse{rv::pass<shopper>{}, rv::pass<price>{}}, rv::mlp<4>{}, rv::adagrad{}};
    rv::pipeline with_sgd{rv::fuse{rv::pass<shopper>{}, rv::pass<price>{}}, rv::mlp<4>{}, rv::sgd{}};
    rv::pipeline squared{rv::fuse{rv::pass<shopper>{}, rv::pass<price>{}}, rv::mlp<4>{}, rv::sgd{}, rv::squared{}};
    const auto check = [](auto& reader, const auto& writer) {
        rv::errc code{};
        const std::string why = refusal(reader, rv::save(writer), &code);
        CHECK(why == "snapshot: expected [" + reader.signature() + "], got [" + writer.signature() + "]");
        CHECK(code == rv::errc::mismatch);
        CHECK(reader.signature() != writer.signature());
    };
    check(ranker, wider);
    check(wider, ranker);
    check(ranker, with_two_heads);
    check(ranker, in_double);
    check(in_double, ranker);
    check(wider, with_sgd);
    check(with_sgd, wider);
    check(with_sgd, squared);
}

TEST_CASE("counts that disagree with the pipeline are refused, even under its signature and with matching checksums") {
    auto ranker = small_ranker(3);
    const file_bytes saved = rv::save(trained_ranker());
    const auto change = [&](std::size_t at, auto value) {
        auto changed = saved;
        put(changed, at, value);
        return refusal(ranker, sealed(changed));
    };
    const std::uint64_t weights = take<std::uint64_t>(saved, weights_at);
    CHECK(contains(change(weights_at, weights + 1), std::to_string(weights + 1)));
    CHECK_FALSE(change(weights_at, weights - 1).empty());
    CHECK_FALSE(change(updater_at, std::uint64_t(0)).empty());
    CHECK_FALSE(change(updater_at, take<std::uint64_t>(saved, updater_at) + 1).empty());
    CHECK_FALSE(change(kept_at, std::uint64_t(8)).empty());
    CHECK_FALSE(change(scalar_at, std::uint32_t(8)).empty());
    CHECK_FALSE(change(scalar_at, std::uint32_t(0)).empty());
    CHECK_FALSE(change(signature_at, std::uint32_t(0)).empty());
    CHECK_FALSE(change(signature_at, take<std::uint32_t>(saved, signature_at) - 1).empty());
}

TEST_CASE("sizes that a file only claims are not allocated") {
    auto ranker = small_ranker(3);
    const file_bytes saved = rv::save(trained_ranker());
    const std::uint64_t huge[] = {
        1u << 20, std::uint64_t(1) << 31, std::uint64_t(1) << 32, std::uint64_t(1) << 61, std::uint64_t(1) << 62, ~std::uint64_t(0)};
    for (const std::size_t at : {signature_at, scalar_at, weights_at, updater_at, kept_at})
        for (const std::uint64_t claim : huge) {
            CAPTURE(at);
            CAPTURE(claim);
            auto changed = saved;
            if (at < weights_at)
                put(changed, at, static_cast<std::uint32_t>(std::min<std::uint64_t>(claim, ~0u)));
            else
                put(changed, at, claim);
            changed = sealed(changed);
            const std::size_t before = test::allocated;
            bool refused = false;
            try {
                rv::load(ranker, view(changed));
            } catch (const rv::error&) { refused = true; }
            REQUIRE(refused);
            REQUIRE(test::allocated - before <= 2 * saved.size() + 8192);
        }
}

TEST_CASE_TEMPLATE("a number that cannot be a weight is refused with its offset, even with matching checksums", T, float, double) {
    using limits = std::numeric_limits<T>;
    auto ranker = small_ranker<T>(3);
    const file_bytes saved = rv::save(trained_ranker<T>());
    const std::size_t first = numbers_at(ranker), weights = ranker.weights().size(), all = weights + ranker.updater_numbers().size();
    const auto with_number = [&](std::size_t i, T number) {
        auto changed = saved;
        put(changed, first + i * sizeof(T), number);
        return sealed(changed);
    };
    for (const T bad : {limits::quiet_NaN(), limits::signaling_NaN(), limits::infinity(), -limits::infinity()})
        for (const std::size_t i : {std::size_t(0), std::size_t(1), weights / 2, weights - 1, weights, all - 1}) {
            CAPTURE(i);
            rv::errc code{};
            const std::string why = refusal(ranker, with_number(i, bad), &code);
            REQUIRE(contains(why, "number " + std::to_string(i) + " at offset " + std::to_string(first + i * sizeof(T))));
            REQUIRE(code == rv::errc::nonfinite);
        }
    for (const std::size_t i : {weights, weights + 1, all - 1})
        CHECK(contains(refusal(ranker, with_number(i, T(-1e-3))), "number " + std::to_string(i) + " at offset"));
    CHECK(refusal(ranker, with_number(3, T(-1e-3))).empty());  // a weight may well be negative
}

TEST_CASE_TEMPLATE("of several kinds of state each is asked about its own: a negative square is refused, a negative mean is not", Updater,
                   rv::adam, rv::adamw, rv::ftrl) {
    const auto fresh = [] { return rv::pipeline{rv::fuse{rv::pass<shopper>{}, rv::pass<price>{}}, rv::linear{}, Updater{}}; };
    auto ranker = fresh();
    const auto saved = rv::save(ranker);
    const auto digest = ranker.digest();
    const std::size_t first = numbers_at(ranker), weights = ranker.weights().size(), kind = ranker.updater_numbers().size() / 2;
    for (const std::size_t i : {std::size_t(0), kind - 1}) {
        CAPTURE(i);
        auto square = saved, mean = saved;
        put(square, first + (weights + kind + i) * sizeof(float), -1.0f);
        CHECK(contains(refusal(ranker, sealed(square)), "number " + std::to_string(weights + kind + i) + " at offset"));
        CHECK(ranker.digest() == digest);
        put(mean, first + (weights + i) * sizeof(float), -1.0f);
        auto other = fresh();
        CHECK(refusal(other, sealed(mean)).empty());
    }
}

TEST_CASE("the number of steps is as saved, however large") {
    auto ranker = small_ranker(3);
    auto saved = rv::save(trained_ranker());
    put(saved, steps_at, std::uint64_t(1) << 60);
    CHECK(refusal(ranker, sealed(saved)).empty());
    CHECK(ranker.steps() == std::uint64_t(1) << 60);
    CHECK(rv::save(ranker) == sealed(saved));
}

TEST_CASE("an updater without numbers of its own is saved too") {
    rv::pipeline ranker{rv::fuse{rv::pass<shopper>{}, rv::pass<price>{}}, rv::linear{}, rv::sgd{}};
    CHECK(ranker.updater_numbers().empty());
    for (float& w : ranker.weights()) w = 0.5f;
    const auto saved = rv::save(ranker);
    auto other = rv::pipeline{rv::fuse{rv::pass<shopper>{}, rv::pass<price>{}}, rv::linear{}, rv::sgd{}};
    rv::load(other, view(saved));
    CHECK(other.digest() == ranker.digest());
}

TEST_CASE("a file holds the bytes, replaces an older one, and leaves nothing beside it") {
    const test::scratch_folder scratch("snapshot");
    const std::string path = scratch.file("ranker.rivulet");
    const auto first = small_ranker(7), second = trained_ranker();
    rv::save(first, path);
    CHECK(read_whole(path) == rv::save(first));
    rv::save(second, path);
    CHECK(read_whole(path) == rv::save(second));
    CHECK(scratch.files() == 1);
    auto loaded = small_ranker(3);
    rv::load(loaded, path);
    CHECK(loaded.digest() == second.digest());
    rv::load(loaded, path);  // reading does not use a file up
    CHECK(loaded.digest() == second.digest());
}

TEST_CASE("a file that is missing, a folder, empty, cut or too long is refused, and the pipeline is as it was") {
    const test::scratch_folder scratch("snapshot");
    auto ranker = small_ranker(3);
    const std::uint64_t before = ranker.digest();
    const auto refused = [&](const std::string& path, rv::errc code) { return error_of([&] { rv::load(ranker, path); }, code); };
    CHECK(refused(scratch.file("none"), rv::errc::system) == scratch.file("none") + ": cannot be opened: No such file or directory");
    CHECK(contains(refused(scratch.path().string(), rv::errc::system), scratch.path().string() + ": cannot be "));
    write_whole(scratch.file("empty"), {});
    CHECK(contains(refused(scratch.file("empty"), rv::errc::format), "expected a header of 72 bytes, got 0"));
    auto bytes = rv::save(trained_ranker());
    write_whole(scratch.file("cut"), {bytes.begin(), bytes.end() - 1});
    CHECK(contains(refused(scratch.file("cut"), rv::errc::format), "got " + std::to_string(bytes.size() - 1)));
    bytes.push_back(std::byte(1));
    write_whole(scratch.file("long"), bytes);
    CHECK(contains(refused(scratch.file("long"), rv::errc::format), "bytes, got "));
    CHECK(ranker.digest() == before);
}

TEST_CASE("of a file that is far too long no more is read than a snapshot could have") {
    const test::scratch_folder scratch("snapshot");
    auto ranker = small_ranker(3);
    auto bytes = rv::save(trained_ranker());
    const std::size_t size = bytes.size();
    bytes.resize(10 << 20);
    write_whole(scratch.file("long"), bytes);
    const std::size_t before = test::allocated;
    CHECK_FALSE(error_of([&] { rv::load(ranker, scratch.file("long")); }, rv::errc::format) == "not refused");
    CHECK(test::allocated - before < 2 * size + (1 << 18));
}

TEST_CASE("a snapshot that cannot be written says so, and what was there stays, with nothing beside it") {
    const test::scratch_folder scratch("snapshot");
    const auto ranker = trained_ranker();
    const auto refused = [&](const std::string& path) { return error_of([&] { rv::save(ranker, path); }, rv::errc::system); };
    CHECK(contains(refused(scratch.file("no/such/folder")), "No such file or directory"));
    write_whole(scratch.file("plain"), {});
    CHECK(contains(refused(scratch.file("plain/inside")), "plain/inside"));
    fs::create_directory(scratch.path() / "folder");
    write_whole(scratch.file("folder/something"), {});
    CHECK(contains(refused(scratch.file("folder")), scratch.file("folder") + ": cannot be written: "));
    CHECK(scratch.files() == 2);
}

TEST_CASE("a folder that may not be written to is refused") {
    const test::scratch_folder scratch("snapshot");
    const auto ranker = trained_ranker();
    fs::permissions(scratch.path(), fs::perms::owner_read | fs::perms::owner_exec);
    if (std::ofstream(scratch.file("probe"))) {
        MESSAGE("skipped: whoever runs this may write anywhere");
        return;
    }
    CHECK(contains(error_of([&] { rv::save(ranker, scratch.file("ranker")); }, rv::errc::system), "Permission denied"));
    CHECK(scratch.files() == 0);
}

#if __has_include(<sys/resource.h>)
TEST_CASE("when the disk is full the old snapshot stays and the unfinished one goes") {
    const test::scratch_folder scratch("snapshot");
    const std::string path = scratch.file("ranker");
    rv::save(small_ranker(7), path);
    const auto old = read_whole(path);
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit tight{100, before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &tight) == 0);
    const std::string why = error_of([&] { rv::save(trained_ranker(), path); }, rv::errc::system);
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    CHECK(why == path + ": cannot be written: File too large");
    CHECK(read_whole(path) == old);
    CHECK(scratch.files() == 1);
}
#endif

TEST_CASE("tables are saved and loaded: equal digests, equal bytes, equal futures") {
    auto ranker = ranker_with_tables(), other = ranker_with_tables();
    visit_some(ranker, 1);
    visit_some(other, 2);
    const file_bytes saved = rv::save(ranker);
    CHECK(take<std::uint64_t>(saved, kept_at) > 0);
    CHECK(saved.size() == numbers_at(ranker) + 4 * (ranker.weights().size() + ranker.updater_numbers().size()) +
                              take<std::uint64_t>(saved, kept_at) + 8);
    rv::load(other, view(saved));
    CHECK(other.digest() == ranker.digest());
    CHECK(rv::save(other) == saved);
    visit_some(ranker, 3);
    visit_some(other, 3);
    CHECK(other.digest() == ranker.digest());
    auto larger = ranker_with_tables(9);
    rv::errc code{};
    CHECK_FALSE(refusal(larger, saved, &code).empty());
    CHECK(code == rv::errc::mismatch);
}

TEST_CASE("a file with tables that was cut or changed anywhere is refused, and the pipeline is as it was") {
    auto ranker = ranker_with_tables(), written = ranker_with_tables();
    visit_some(ranker, 1);
    visit_some(written, 2);
    file_bytes saved = rv::save(written);
    for (std::size_t size = 0; size < saved.size(); ++size) {
        CAPTURE(size);
        REQUIRE(refusal(ranker, {saved.begin(), saved.begin() + static_cast<std::ptrdiff_t>(size)}).starts_with("snapshot: "));
    }
    for (std::size_t bit = 0; bit < 8 * saved.size(); bit += 7) {
        saved[bit / 8] ^= std::byte(1 << bit % 8);
        const std::string why = refusal(ranker, saved);
        saved[bit / 8] ^= std::byte(1 << bit % 8);
        CAPTURE(bit);
        REQUIRE(why.starts_with("snapshot: "));
    }
}

TEST_CASE("tables that were changed under matching checksums are refused, or can be worked with") {
    auto ranker = ranker_with_tables(), written = ranker_with_tables();
    visit_some(ranker, 1);
    visit_some(written, 2);
    const file_bytes saved = rv::save(written);
    const std::size_t kept = take<std::uint64_t>(saved, kept_at), first = saved.size() - 8 - kept;
    std::size_t refused = 0, taken = 0;
    for (std::size_t bit = 0; bit < 8 * kept; bit += 11) {
        auto changed = saved;
        changed[first + bit / 8] ^= std::byte(1 << bit % 8);
        auto reader = ranker;
        CAPTURE(bit);
        const std::string why = refusal(reader, sealed(changed));
        if (!why.empty()) {
            REQUIRE(why.starts_with("snapshot: what is kept by id: "));
            ++refused;
            continue;
        }
        ++taken;
        rv::random draw(bit);
        for (int i = 0; i < 20; ++i) {  // none of it may crash or hang; a number that is too large may be refused
            const auto visit = rv::request(rv::with<user>(draw.below(30)));
            const std::array<rv::item_id, 1> on{draw.below(30)};
            static_cast<void>(reader.learn(visit, rv::item(rv::with<tags>(on)), rv::click));
            static_cast<void>(reader.score(visit, rv::item(rv::with<tags>(on))));
        }
        REQUIRE(reader.check_kept(reader.kept()));
    }
    CHECK(refused > 100);
    CHECK(taken > 100);
}
