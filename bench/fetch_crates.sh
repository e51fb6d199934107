#!/usr/bin/env bash
# Puts Debian's crates with tungstenite into a folder, for cargo to build from without a registry:
#
#   fetch_crates.sh FOLDER
#
# Nothing is done if the system has them (librust-tungstenite-dev), or the folder has. Else apt-get downloads the packages
# from Debian's unstable release, which has the newest tungstenite, by lists of its own: the system's packages and lists
# stay as they are.
set -euo pipefail

folder=$(realpath -m "$1")
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

if compgen -G '/usr/share/cargo/registry/tungstenite-*' || compgen -G "$folder/usr/share/cargo/registry/tungstenite-*"; then
  exit 0
fi
[[ -r $keyring ]] || { echo "there is no $keyring"; exit 1; }

lists=$folder/apt
mkdir -p "$lists"/{lists,cache/archives}/partial "$lists/packages"
: >"$lists/status"
mirror=$(apt-get indextargets --format '$(SITE)' | grep -v security | head -n 1) # The one that this machine uses.
printf 'deb [signed-by=%s] %s unstable main\n' "$keyring" "$mirror" >"$lists/sources.list"
apt=(-o "Dir::Etc::SourceList=$lists/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$lists/lists"
  -o "Dir::State::status=$lists/status" -o "Dir::Cache=$lists/cache")

apt-get "${apt[@]}" update
readarray -t packages < <(
  apt-get "${apt[@]}" -s --no-install-recommends install librust-tungstenite-dev | awk '/^Inst librust/ {print $2}'
)
cd "$lists/packages"
apt-get "${apt[@]}" download "${packages[@]}"
for package in *.deb; do
  dpkg-deb -x "$package" "$folder"
done
