// SPDX-License-Identifier: MIT
// What including the library costs a program that does not use it: nothing that runs before main, no variable that can change.
#include <rivulet/rivulet.hpp>
