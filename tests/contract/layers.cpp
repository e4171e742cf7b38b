// SPDX-License-Identifier: MIT
// Reads every header as text: folders include downwards only, and no header does what the library promises not to do.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using names = std::set<std::string>;

namespace {

const fs::path root = fs::path(RIVULET_SOURCE_DIR) / "include" / "rivulet";
const std::string umbrella = "rivulet.hpp";
constexpr std::size_t longest_header = 350;

// Folders from low to high, one line a layer. Folders of one line never include each other.
const std::vector<std::vector<std::string>> layers = {
    {"core"},     {"math"},   {"layer"},    {"table"}, {"input"},   {"reduce", "attend", "fuse", "embed", "factor", "rank"},
    {"retrieve"}, {"update"}, {"pipeline"}, {"serve"}, {"persist"}, {"encode", "evaluate", "explain", "privacy", "scale"},
};
const names knows_the_base_only = {"update"};  // it meets the components in the pipeline, and knows them by concept
const names base = {"core", "math"};
// Whoever wants one of these includes it by its own name.
const names opt_in = {"encode",
                      "evaluate",
                      "explain",
                      "privacy",
                      "scale",
                      "persist/checksum.hpp",
                      "persist/feedback_log.hpp",
                      "persist/file_system.hpp",
                      "persist/log_directory.hpp",
                      "persist/log_format.hpp",
                      "persist/log_reader.hpp",
                      "persist/log_report.hpp",
                      "persist/posix_files.hpp",
                      "persist/siphash.hpp"};

bool is_folder(const std::string& folder) {
    return std::any_of(layers.begin(), layers.end(), [&](const auto& layer) { return std::count(layer.begin(), layer.end(), folder) > 0; });
}

bool may_include(const std::string& from, const std::string& to) {
    if (from == to) return true;
    if (knows_the_base_only.count(from) > 0) return base.count(to) > 0;
    for (const auto& layer : layers) {
        if (std::count(layer.begin(), layer.end(), from) > 0) return false;  // met the own layer before the other: same height or higher
        if (std::count(layer.begin(), layer.end(), to) > 0) return true;
    }
    return false;
}

// The code without comments, and what stands between quotes removed, unless it names a header; line numbers stay.
std::string code_of(const std::string& text) {
    static const std::regex parts(R"re(//[^\n]*|/\*[^]*?\*/|R"\(([^]*?)\)"|"(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])+')re");
    std::string code;
    auto end_of_last = text.begin();
    for (auto part = std::sregex_iterator(text.begin(), text.end(), parts); part != std::sregex_iterator(); ++part) {
        code.append(end_of_last, (*part)[0].first);
        end_of_last = (*part)[0].second;
        const auto line_begin = code.find_last_of('\n') + 1;  // npos + 1 is 0
        const bool names_a_header = code.find("include", line_begin) != std::string::npos;
        const std::string matched = part->str();
        if (matched[0] == '\'' && !code.empty() && (std::isalnum(static_cast<unsigned char>(code.back())) != 0)) {
            code += '\'';  // a digit separator, not a character
            end_of_last = (*part)[0].first + 1;
            // Start again behind it: what followed may hold a comment.
            return code + code_of(std::string(end_of_last, text.end()));
        }
        if (matched[0] == '"' && names_a_header) {
            code += matched;
        } else {
            code += matched[0] == '/' ? " " : "\"\"";
            code.append(static_cast<std::size_t>(std::count(matched.begin(), matched.end(), '\n')), '\n');
        }
    }
    return code.append(end_of_last, text.end());
}

struct header {
    std::string path;                     // relative to include/rivulet
    std::string folder;                   // its first part; empty for the umbrella
    std::string text, code;               // as it is; without comments and strings
    std::vector<std::string> lines;       // of the text
    std::vector<std::string> own;         // headers of ours that it includes, as they are written here: relative to include/rivulet
    std::vector<std::string> unresolved;  // quoted includes that name no file of ours
};

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

header read(const fs::path& file) {
    header h;
    h.path = fs::relative(file, root).generic_string();
    h.folder = h.path.find('/') == std::string::npos ? "" : h.path.substr(0, h.path.find('/'));
    std::ifstream in(file, std::ios::binary);
    h.text.assign(std::istreambuf_iterator<char>(in), {});
    h.code = code_of(h.text);
    h.lines = lines_of(h.text);

    static const std::regex include(R"re(^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">])re");
    for (const std::string& line : lines_of(h.code)) {
        std::smatch found;
        if (!std::regex_search(line, found, include)) continue;
        const bool quoted = found[1] == "\"";
        const std::string name = found[2];
        fs::path target;
        if (quoted && fs::exists(file.parent_path() / name)) {
            target = file.parent_path() / name;
        } else if (name.rfind("rivulet/", 0) == 0) {
            target = root.parent_path() / name;
        }
        if (!target.empty() && fs::exists(target)) {
            h.own.push_back(fs::relative(fs::weakly_canonical(target), fs::weakly_canonical(root)).generic_string());
        } else if (quoted || !target.empty()) {
            h.unresolved.push_back(name);
        }
    }
    return h;
}

const std::vector<header>& headers() {
    static const std::vector<header> all = [] {
        std::vector<fs::path> files;
        for (const auto& entry : fs::recursive_directory_iterator(root)) {
            if (entry.is_regular_file()) files.push_back(entry.path());
        }
        std::sort(files.begin(), files.end());
        std::vector<header> result;
        for (const auto& file : files) result.push_back(read(file));
        return result;
    }();
    return all;
}

// "core/a.hpp:12: std::cout" for every match, or an empty string
std::string places(const header& h, const std::regex& pattern) {
    std::string result;
    const auto lines = lines_of(h.code);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        std::smatch found;
        if (std::regex_search(lines[i], found, pattern)) result += h.path + ':' + std::to_string(i + 1) + ": " + found.str() + '\n';
    }
    return result;
}

void expect_nowhere(const char* pattern, const names& but_in = {}) {
    const std::regex compiled(pattern);
    for (const header& h : headers()) {
        if (but_in.count(h.folder) > 0 || but_in.count(h.path) > 0) continue;
        CHECK_EQ(places(h, compiled), "");
    }
}

}  // namespace

TEST_CASE("there are headers, and each lies in a folder that has a place among the layers") {
    REQUIRE(headers().size() > 1);
    for (const header& h : headers()) {
        CAPTURE(h.path);
        CHECK((h.path == umbrella || is_folder(h.folder)));
        CHECK(fs::path(h.path).extension() == ".hpp");
    }
}

TEST_CASE("a header includes lower layers and its own folder") {
    CHECK(may_include("rank", "core"));
    CHECK_FALSE(may_include("rank", "reduce"));
    CHECK_FALSE(may_include("update", "rank"));
    CHECK_FALSE(may_include("input", "rank"));
    for (const header& h : headers()) {
        CAPTURE(h.path);
        CHECK_MESSAGE(h.unresolved.empty(), "includes '", h.unresolved.empty() ? "" : h.unresolved.front(), "', which does not exist");
        for (const std::string& included : h.own) {
            CAPTURE(included);
            CHECK(included != umbrella);
            if (h.path != umbrella) CHECK(may_include(h.folder, included.substr(0, included.find('/'))));
        }
    }
}

TEST_CASE("no header includes itself, directly or through others") {
    std::map<std::string, std::vector<std::string>> includes;
    for (const header& h : headers()) includes[h.path] = h.own;
    names done;
    for (bool progress = true; progress;) {  // a header is done when all that it includes is done
        progress = false;
        for (const auto& [path, own] : includes) {
            if (done.count(path) > 0) continue;
            if (std::all_of(own.begin(), own.end(), [&](const auto& o) { return done.count(o) > 0; })) progress = done.insert(path).second;
        }
    }
    for (const header& h : headers()) {
        CAPTURE(h.path);
        CHECK(done.count(h.path) > 0);
    }
}

TEST_CASE("the umbrella reaches every header that is not opt-in") {
    std::map<std::string, std::vector<std::string>> includes;
    for (const header& h : headers()) includes[h.path] = h.own;
    names reached = {umbrella};
    for (std::vector<std::string> open = {umbrella}; !open.empty();) {
        const auto path = open.back();
        open.pop_back();
        for (const auto& next : includes[path]) {
            if (reached.insert(next).second) open.push_back(next);
        }
    }
    for (const header& h : headers()) {
        CAPTURE(h.path);
        if (opt_in.count(h.folder) == 0 && opt_in.count(h.path) == 0) CHECK(reached.count(h.path) > 0);
    }
}

TEST_CASE("conditional compilation stays in core/config.hpp and math/") {
    expect_nowhere(R"(^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else)\b)", {"core/config.hpp", "math"});
}

TEST_CASE("xsimd and intrinsics stay in math/") {
    expect_nowhere(R"(\bxsimd\b|\w*mmintrin|immintrin|arm_neon|\b_mm\d*_|\b__m(128|256|512))", {"math"});
}

TEST_CASE("no header prints") {
    expect_nowhere(R"(<(iostream|print|syncstream)>|std::(cout|cerr|clog)\b|\b(v?f?printf|f?puts|f?putc|putchar|perror)\s*\()");
}

TEST_CASE("no header starts a thread") {
    expect_nowhere(R"(<(thread|future)>|std::(jthread|thread|async)\b|\b(pthread_create|thrd_create)\b)");
}

TEST_CASE("no header reads the environment") { expect_nowhere(R"(\b(secure_)?getenv\b|\benviron\b)"); }

TEST_CASE("headers are short and plain ASCII") {
    for (const header& h : headers()) {
        CAPTURE(h.path);
        CHECK(h.lines.size() <= longest_header);
        const auto odd = std::find_if(h.text.begin(), h.text.end(), [](char c) { return c != '\n' && (c < ' ' || c > '~'); });
        CHECK_MESSAGE(odd == h.text.end(), "line ", std::count(h.text.begin(), odd, '\n') + 1, " holds a tab or a byte that is not ASCII");
    }
}

TEST_CASE("a header says its licence, then in a sentence what it is for") {
    for (const header& h : headers()) {
        CAPTURE(h.path);
        REQUIRE(h.lines.size() > 2);
        CHECK(h.lines[0] == "// SPDX-License-Identifier: MIT");
        std::string sentence;  // up to the first line that is no comment, or an empty one
        for (std::size_t i = 1; i < h.lines.size() && h.lines[i].rfind("// ", 0) == 0; ++i) sentence += h.lines[i].substr(2);
        CHECK_MESSAGE(std::regex_search(sentence, std::regex(R"(^ \S+ \S+ .*[.:]$)")), "no sentence on line 2: '", sentence, "'");
    }
}

TEST_CASE("comments and strings do not count as code") {
    CHECK(code_of("a // xsimd\nb") == "a  \nb");
    CHECK(code_of("a /* std::cout\n */ b") == "a  \n b");
    CHECK(code_of("x = \"printf(\";") == "x = \"\";");
    CHECK(code_of("#include \"a.hpp\"  // c") == "#include \"a.hpp\"   ");
    CHECK(code_of("1'000 + 2'000; // c\n'x'") == "1'000 + 2'000;  \n\"\"");
}
