# Finds the programs and libraries that Tidewire is built and tested with, and installs the missing ones with apt-get.
# Sourced by ./dev after output.sh.

has() {
  command -v "$1"
}

# is_at_least <version> <program>: as `<program> --version` tells it.
is_at_least() {
  has "$2" || return
  local found
  found=$("$2" --version | grep -oEm1 '[0-9]+(\.[0-9]+)+')
  [[ $(printf '%s\n' "$1" "$found" | sort -V | head -n 1) == "$1" ]]
}

# preprocess <option>...: what is read, as C++20, with the headers that CMAKE_PREFIX_PATH leads to.
preprocess() {
  local compiler prefixes
  read -ra compiler <<<"${CXX:-c++}"
  IFS=':;' read -ra prefixes <<<"${CMAKE_PREFIX_PATH:-}"
  prefixes=("${prefixes[@]/#/-I}")
  "${compiler[@]}" -std=c++20 -E -x c++ "${prefixes[@]/%//include}" "$@" -
}

has_cxx20() {
  preprocess <<<$'#include <version>\n#ifndef __cpp_lib_ranges\n#error C++17 at best\n#endif'
}

has_header() {
  preprocess <<<"#include <$1>"
}

# libwebsockets runs on libev by a plug-in, which distributions package apart, or has it built in. CMake looks at the
# same, in cmake/tidewireLibwebsockets.cmake.
has_libev_in_libwebsockets() {
  local flags defined libdir='#define LWS_INSTALL_LIBDIR "([^"]*)"'
  read -ra flags <<<"$(pkg-config --cflags libwebsockets)"
  defined=$(preprocess -dM "${flags[@]}" <<<'#include <lws_config.h>') || return
  [[ $defined == *'#define LWS_WITH_SERVER '* && $defined == *'#define LWS_WITH_LIBEV '* ]] || return
  [[ $defined != *'#define LWS_WITH_EVLIB_PLUGINS '* ]] ||
    [[ $defined =~ $libdir && -e ${BASH_REMATCH[1]}/libwebsockets-evlib_ev.so ]]
}

has_libfuzzer() {
  compgen -G "$(clang++ -print-resource-dir)/lib/*/libclang_rt.fuzzer*.a"
}

find_chromium() {
  has "${TIDEWIRE_CHROMIUM:-}" || has chromium || has chromium-browser || has google-chrome-stable
}

# Debian's shell of the engine, without the browser's own interface.
find_headless_chromium() {
  has "${TIDEWIRE_HEADLESS_CHROMIUM:-}" || has "${TIDEWIRE_CHROMIUM:-}" || has chromium-headless-shell || find_chromium
}

# Other distributions have the browser only.
has_headless_chromium() {
  has "${TIDEWIRE_CHROMIUM:-}" || has chromium-headless-shell || ! apt-cache show chromium-headless-shell
}

find_firefox() {
  has "${TIDEWIRE_FIREFOX:-}" || has firefox-esr || has firefox
}

# WebKitGTK comes with a small browser, which is not on the PATH.
find_webkit() {
  local found
  has "${TIDEWIRE_WEBKIT:-}" && return
  found=$(compgen -G '/usr/lib*/*/webkit2gtk-4.*/MiniBrowser' || compgen -G '/usr/lib*/webkit2gtk-4.*/MiniBrowser') &&
    printf '%s\n' "${found%%$'\n'*}"
}

# As the tests look for it: the system's Python has it from the system's package.
has_python_websockets() {
  python3 -c 'import websockets' || /usr/bin/python3 -c 'import websockets'
}

# Debian keeps it where only root looks.
has_nginx() {
  PATH=$PATH:/usr/sbin has nginx
}

# What is needed, in the order in which one finds the next. need <what> <package, or A|B> <test>...

need_tools() {
  need 'CMake 3.25 or later' cmake is_at_least 3.25 cmake
  need 'Ninja' ninja-build has ninja
  need 'a C++20 compiler' g++ has_cxx20
  need 'pkg-config' pkg-config has pkg-config
}

need_libraries() {
  need 'libwebsockets 4.1 or later' libwebsockets-dev pkg-config --exists 'libwebsockets >= 4.1'
  need 'a client and libev in libwebsockets' libwebsockets-evlib-ev has_libev_in_libwebsockets
  need 'libev' libev-dev has_header ev.h
  need 'OpenSSL' libssl-dev pkg-config --exists openssl
  need 'ncurses' libncurses-dev pkg-config --exists ncursesw
  need 'nlohmann/json' nlohmann-json3-dev has_header nlohmann/json.hpp
  need 'CLI11' libcli11-dev has_header CLI/CLI.hpp
  need 'doctest' doctest-dev has_header doctest/doctest.h
}

need_web_tools() {
  need 'Emscripten 3.1.6 or later' emscripten is_at_least 3.1.6 emcc
  need 'Node.js 18 or later' nodejs is_at_least 18 node
  need 'npm' npm has npm
  need 'certificate authorities' ca-certificates test -e "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}"
}

need_chromium() {
  need 'Chromium' 'chromium|chromium-browser' find_chromium
}

need_test_tools() {
  need "Chromium's headless shell" chromium-headless-shell has_headless_chromium
  need 'Firefox' 'firefox-esr|firefox' find_firefox
  need "WebKitGTK's MiniBrowser" 'libwebkit2gtk-4.1-0|libwebkit2gtk-4.0-37' find_webkit
  need 'Xvfb' xvfb has Xvfb
  need 'the openssl program' openssl has openssl
  need "Python's websockets" python3-websockets has_python_websockets
  need 'nginx' nginx-light has_nginx
  need 'valgrind' valgrind has valgrind
}

need_bench() {
  need 'taskset' util-linux has taskset
  need 'strace' strace has strace
  need 'the openssl program' openssl has openssl
}

# Libraries that the benchmark compares with. It does without those that are missing.
need_peers() {
  need 'Boost' libboost-dev has_header boost/beast/websocket.hpp
  need 'websocketpp' libwebsocketpp-dev has_header websocketpp/client.hpp
  need 'Qt 6 WebSockets' qt6-websockets-dev has_qt_websockets
  need 'cargo 1.85 or later' 'cargo-web|cargo' is_at_least 1.85 cargo
  need "Python's websockets" python3-websockets has_python_websockets
}

has_qt_websockets() {
  compgen -G '/usr/lib*/*/cmake/Qt6WebSockets/Qt6WebSocketsConfig.cmake' ||
    compgen -G '/usr/lib*/cmake/Qt6WebSockets/Qt6WebSocketsConfig.cmake'
}

need_clang() {
  need 'clang++ with libFuzzer' clang has clang++
}

# The package's name has the compiler's version in it: of the one that is there, or that apt would install.
need_libfuzzer() {
  local version
  version=$(clang++ -dumpversion 2>/dev/null) ||
    version=$(apt-cache depends clang 2>/dev/null | sed -nE 's/^ *Depends: clang-([0-9]+)$/\1/p') || return 0
  version=${version%%.*}
  [[ $version ]] || return 0
  need "libFuzzer for clang++ $version" "libclang-rt-$version-dev|libclang-common-$version-dev" has_libfuzzer
}

missing=() packages=()

need() {
  "${@:3}" &>/dev/null || {
    missing+=("$1")
    packages+=("$2")
  }
}

# find_missing <needs>...
find_missing() {
  missing=() packages=()
  local needs
  for needs in "$@"; do
    "$needs"
  done
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo "$@"
  fi
}

explain_missing() {
  local list=("${missing[@]/#/  - }") chosen
  if ! has apt-get >/dev/null; then
    fail 2 'there is no apt-get here. Install these in your own way, then run this again:' "${list[@]}"
  fi
  if ((EUID != 0)) && ! has sudo >/dev/null; then
    choose_packages
    fail 2 'there is neither root nor sudo here. These are missing:' "${list[@]}" 'As root, run:' \
      "  apt-get update && apt-get install -y --no-install-recommends ${chosen[*]}"
  fi
}

# Sets `chosen`: of each A|B in `packages` the first that apt knows, or the last.
choose_packages() {
  local package names name
  chosen=()
  for package in "${packages[@]}"; do
    IFS='|' read -ra names <<<"$package"
    for name in "${names[@]}"; do
      if apt-cache show "$name" &>/dev/null; then
        break
      fi
    done
    chosen+=("$name")
  done
}

install_packages() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${chosen[@]}"
}

# setup <needs>...: each kind is looked for again after the one before is there, because its test may rest on that.
setup() {
  find_missing "$@"
  if ((${#missing[@]} == 0)); then
    return
  fi
  explain_missing
  quietly "$(say 'updating the list of packages')" apt-update as_root apt-get -o DPkg::Lock::Timeout=300 update ||
    say 'going on with the list as it is'
  local needs chosen
  for needs in "$@"; do
    find_missing "$needs"
    if ((${#missing[@]} > 0)); then
      choose_packages
      quietly "$(say "installing ${chosen[*]}")" "apt-${needs#need_}" install_packages || exit 1
    fi
  done
  find_missing "$@"
  if ((${#missing[@]} > 0)); then
    fail 2 "these are still missing; the system's packages are too old, or another program comes first on the PATH:" \
      "${missing[@]/#/  - }"
  fi
}

# setup_if_known <needs>: the same for what is only wished for: says what stays missing, and goes on.
setup_if_known() {
  local chosen
  find_missing "$1"
  if ((${#missing[@]} > 0)) && has apt-get >/dev/null && { ((EUID == 0)) || has sudo >/dev/null; }; then
    choose_packages
    quietly "$(say "installing ${chosen[*]}")" "apt-${1#need_}" install_packages || true
    find_missing "$1"
  fi
  if ((${#missing[@]} > 0)); then
    say "going on without: $(printf '%s; ' "${missing[@]}")"
  fi
}

setup_for_building() {
  setup need_tools need_libraries need_web_tools
}

setup_for_testing() {
  setup need_tools need_libraries need_web_tools need_chromium need_test_tools need_clang need_libfuzzer
}
