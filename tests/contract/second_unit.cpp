// SPDX-License-Identifier: MIT
// Includes everything a second time in every test executable: links only if each definition in a header is inline or a template.
#include <rivulet/rivulet.hpp>
