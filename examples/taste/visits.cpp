// SPDX-License-Identifier: MIT
// Lines of the two files begin with what they are: A, an area; C, a user; V, an area that this user visited.
#include "visits.hpp"

#include "../shared/fields.hpp"
#include "model.hpp"

#include <algorithm>
#include <string>

namespace taste {

using namespace shared;

namespace {

/// The users of a file; `places` gets the areas that it tells of.
std::vector<area_set> read_users(const std::filesystem::path& name, fields::places& places) {
    fields file(name, ',', 0);
    std::vector<area_set> users;
    while (file.next()) {
        const std::string_view kind = file.field(0);
        if (kind == "A") {
            if (file.count() < 2) file.require(5);
            places.emplace(file.id(1, "the id of an area"), places.size());
            if (places.size() > most_areas) file.fail("at most " + std::to_string(most_areas) + " areas", "another");
        } else if (kind == "C") {
            file.require(3);
            users.emplace_back();
        } else if (kind == "V") {
            file.require(3);
            const auto area = static_cast<std::uint32_t>(file.known(1, "the id of an area", places));
            if (users.empty()) file.fail("a line C of a user before the first V", "V");
            area_set& own = users.back();
            if (std::find(own.begin(), own.end(), area) != own.end()) file.fail("each area of a user once", fields::shown(file.field(1)));
            if (own.size() == most_of_a_user) file.fail("at most " + std::to_string(most_of_a_user) + " areas of a user", "another");
            own.push_back(area);
        } else if (kind != "I" && kind != "T" && kind != "N") {
            file.fail("a line of A, C, I, N, T or V", fields::shown(kind));
        }
    }
    if (users.empty()) file.fail_empty();
    return users;
}

}  // namespace

visits read_visits(const std::filesystem::path& folder) {
    visits found;
    fields::places places;
    found.training = read_users(find_file(folder / "msweb", "anonymous-msweb.data"), places);
    found.test = read_users(find_file(folder / "msweb", "anonymous-msweb.test"), places);
    found.areas = places.size();
    return found;
}

}  // namespace taste
