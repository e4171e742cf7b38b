// SPDX-License-Identifier: MIT
// Red on purpose: compiles whether it should or not.
// expect: anything
int main() {}
