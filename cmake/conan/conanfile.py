# SPDX-License-Identifier: MIT
# Conan 2 recipe that packages the checkout it lies in: conan create cmake/conan -s compiler.cppstd=20
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir

required_conan_version = ">=2.1"


class RivuletConan(ConanFile):
    name = "rivulet"
    description = "Header-only C++20 library for recommendation that learns while it serves"
    license = "MIT"
    topics = ("recommendation", "online-learning", "simd", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    no_copy_source = True

    def _root(self):
        return os.path.normpath(os.path.join(self.recipe_folder, "..", ".."))

    def set_version(self):  # from the one place where it stands
        header = load(self, os.path.join(self._root(), "include", "rivulet", "core", "config.hpp"))
        parts = (re.search(rf"RIVULET_VERSION_{part} +(\d+)", header)[1] for part in ("MAJOR", "MINOR", "PATCH"))
        self.version = ".".join(parts)

    def export_sources(self):
        for pattern in ("include/*", "cmake/*", "CMakeLists.txt", "LICENSE"):
            copy(self, pattern, self._root(), self.export_sources_folder)

    def requirements(self):
        self.requires("eigen/[>=3.4 <6]", transitive_headers=True)
        self.requires("xsimd/[>=8.1 <15]", transitive_headers=True)

    def layout(self):
        cmake_layout(self)

    def package_id(self):
        self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "EXAMPLES", "BENCH"):
            toolchain.cache_variables[f"RIVULET_BUILD_{part}"] = False
        toolchain.cache_variables["RIVULET_INSTALL"] = True
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        CMake(self).configure()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        rmdir(self, os.path.join(self.package_folder, "share", "licenses"))

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        # Conan writes no CMake file for a package of the platform (its issue 17567). The installed rivuletConfig.cmake finds
        # Eigen and xsimd wherever they come from, so that one is used.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("share", "cmake", "rivulet")]
        self.cpp_info.set_property("pkg_config_name", "rivulet")
