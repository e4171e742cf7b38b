// SPDX-License-Identifier: MIT
// The command line of an example: options, help, limits, and what is said, with which exit code, when something is wrong.
#pragma once

#include "bad_input.hpp"
#include "text.hpp"

#include <cxxopts.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace shared {

/// What was given. Reading an option as what it is not throws, which `read` turns into bad_input.
class arguments {
public:
    explicit arguments(cxxopts::ParseResult found) : found_(std::move(found)) {}

    bool has(const char* name) const { return found_.count(name) > 0; }
    template <class T> T get(const char* name) const { return found_[name].as<T>(); }
    /// Empty if the option was not given.
    std::filesystem::path path(const char* name) const { return has(name) ? get<std::string>(name) : std::string(); }
    /// A count from 1 to `most`, or 0 for an option that was not given and has no default.
    std::size_t from_one(const char* name, std::size_t most) const {
        if (!has(name) && !found_[name].has_default()) return 0;
        const auto value = get<std::size_t>(name);
        if (value < 1 || value > most)
            throw bad_input("--" + std::string(name) + ": expected 1 to " + grouped(most) + ", got " + grouped(value));
        return value;
    }

private:
    cxxopts::ParseResult found_;
};

class command_line {
public:
    command_line(const char* name, const char* about) : known_(name, about) {
        known_.add_options()("help", "show this", cxxopts::value<bool>(), "");
    }
    /// One without a value: given or not.
    command_line& flag(const char* name, const char* about) {
        known_.add_options()(name, about, cxxopts::value<bool>(), "");
        return *this;
    }
    template <class T> command_line& option(const char* name, const char* about, const char* shown) {
        known_.add_options()(name, about, cxxopts::value<T>(), shown);
        return *this;
    }
    template <class T> command_line& option(const char* name, const char* about, const char* shown, const char* otherwise) {
        known_.add_options()(name, about, cxxopts::value<T>()->default_value(otherwise), shown);
        return *this;
    }
    /// What `make` makes of the arguments; nothing when help was asked for, which is shown with `exit_codes`. Throws bad_input.
    template <class Make>
    auto read(int count, char** words, const char* exit_codes, Make&& make)
        -> std::optional<std::invoke_result_t<Make&, const arguments&>> {
        try {
            const auto found = known_.parse(count, words);
            if (found.count("help")) {
                std::cout << known_.help() << '\n' << exit_codes << '\n';
                return std::nullopt;
            }
            if (!found.unmatched().empty())
                throw bad_input("expected options only, got \"" + clean(found.unmatched().front()) + "\"; --help lists them");
            return make(arguments(found));
        } catch (const bad_input&) { throw; } catch (const std::exception& refused) {  // the library's own types have changed their names
            throw bad_input(refused.what());
        }
    }

private:
    cxxopts::Options known_;
};

/// The exit code of a program that does `work`: 0 done, 1 it failed, 2 it was given what it cannot take; what was wrong is said.
template <class Work> int run_program(const char* name, Work&& work) {
    try {
        work();
        return 0;
    } catch (const bad_input& refused) {
        std::cerr << name << ": " << refused.what() << '\n';
        return 2;
    } catch (const std::exception& failed) {
        std::cerr << name << ": " << failed.what() << '\n';
        return 1;
    }
}

}  // namespace shared
