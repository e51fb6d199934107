#pragma once

// Version of this release (https://semver.org). CMake reads these three lines.
#define TIDEWIRE_VERSION_MAJOR 0
#define TIDEWIRE_VERSION_MINOR 1
#define TIDEWIRE_VERSION_PATCH 0
