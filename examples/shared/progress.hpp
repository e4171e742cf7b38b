// SPDX-License-Identifier: MIT
// A progress line on stderr: redrawn in place on a terminal, plain lines elsewhere.
#pragma once

#include "text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace shared {

struct progress_settings {
    std::string_view unit{};   // of what is counted, to show how many a second; nothing is shown without one
    std::uint64_t lines = 10;  // how many plain lines tick prints where nothing is redrawn
};

class progress {
public:
    explicit progress(std::uint64_t total, progress_settings settings = {})
        : total_(std::max<std::uint64_t>(total, 1)), settings_(settings) {
        const char* term = std::getenv("TERM");
        redraws_ = isatty(STDERR_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
    }

    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;

    ~progress() { finish(); }

    /// Cheap enough for every event: `status` (any callable that returns text) is only called when a line is due.
    template <typename Status> void tick(std::uint64_t done, Status&& status) {
        if (redraws_) {
            const auto now = clock::now();
            if (now >= next_draw_) {
                next_draw_ = now + std::chrono::milliseconds(100);
                draw(line(done, std::forward<Status>(status)()));
            }
        } else if (const std::uint64_t reached = done * settings_.lines / total_; reached > lines_) {
            lines_ = reached;
            std::fputs((line(done, std::forward<Status>(status)()) + "\n").c_str(), stderr);
        }
    }

    /// A plain line of the caller's own, where nothing is redrawn.
    void say(const std::string& text) {
        if (!redraws_) { std::fputs((text + "\n").c_str(), stderr); }
    }

    /// Removes the redrawn line, so that what is printed next starts on a clean one.
    void finish() {
        if (drawn_) {
            std::fputs("\r\x1b[K", stderr);
            std::fflush(stderr);
            drawn_ = false;
        }
    }

private:
    using clock = std::chrono::steady_clock;

    static constexpr std::size_t bar_width = 24;

    std::string line(std::uint64_t done, std::string_view status) const {
        const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
        const double elapsed = std::chrono::duration<double>(clock::now() - start_).count();
        std::string out;
        if (redraws_) {
            const auto filled = static_cast<std::size_t>(share * bar_width);
            out += '[';
            out.append(filled, '#').append(bar_width - filled, '.');
            out += "] ";
        }
        out += right_aligned(percent(share, 0), 4);
        if (elapsed > 0 && share > 0) {
            if (!settings_.unit.empty()) {
                out += "  " + grouped(static_cast<std::uint64_t>(static_cast<double>(done) / elapsed)) + " ";
                out.append(settings_.unit).append("/s");
            }
            out += "  " + minutes(elapsed * (1 - share) / share) + " left";
        }
        if (!status.empty()) { out.append("  ").append(status); }
        return out;
    }

    void draw(std::string_view text) {
        // One column short of the edge: a full line makes some terminals wrap, and then redrawing leaves a trail.
        winsize size{};
        const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
        const std::size_t room = known ? size.ws_col - std::size_t{1} : 79;
        std::string out = "\r";
        std::fputs(out.append(shortened(text, room)).append("\x1b[K").c_str(), stderr);
        std::fflush(stderr);
        drawn_ = true;
    }

    static std::string minutes(double seconds) {
        const auto whole = static_cast<std::uint64_t>(std::min(std::ceil(seconds), 359999.0));
        const std::string rest = std::to_string(whole % 60);
        return std::to_string(whole / 60) + (rest.size() < 2 ? ":0" : ":") + rest;
    }

    std::uint64_t total_;
    progress_settings settings_;
    std::uint64_t lines_ = 0;
    clock::time_point start_ = clock::now();
    clock::time_point next_draw_ = start_;
    bool redraws_ = false;
    bool drawn_ = false;
};

}  // namespace shared
