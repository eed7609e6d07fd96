# Installing Debian packages, as root or not. To be sourced by bash.
#
# Root installs them. Anybody else gets them unpacked below $PASARELA_VAR (default `var`): apt works on lists and
# caches of its own there, and `dpkg -x` needs no rights at all. Sources and keys are the machine's in both cases.

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
fail() { say "$*"; exit 1; }

is_root() { [ "$(id -u)" -eq 0 ]; }

var=${PASARELA_VAR:-var}
mkdir -p "$var" && var=$(cd "$var" && pwd) || fail "cannot use the working folder $var"

# apt_get … and apt_cache …: on the machine's lists for root, on own ones for anybody else.
apt_get() { apt_program apt-get "$@"; }
apt_cache() { apt_program apt-cache "$@"; }
apt_program() {
    local program=$1
    shift
    if is_root; then
        DEBIAN_FRONTEND=noninteractive "$program" -q "$@"
    else
        "$program" -q -o Dir::State="$var/apt/state" -o Dir::State::status=/var/lib/dpkg/status \
            -o Dir::Cache="$var/apt/cache" -o Debug::NoLocking=true "$@"
    fi
}

# refresh_lists WHAT: before anything is asked of apt.
refresh_lists() {
    command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
        fail "this is not a Debian system: install $1 yourself"
    is_root || mkdir -p "$var/apt/state/lists/partial" "$var/apt/cache/archives/partial"
    say "looking for $1 in this machine's package sources"
    # A source that does not answer is no fault as long as another one has the package.
    apt_get update || say "some package sources could not be read"
}

# provide FOLDER PACKAGE…: installs the packages as root; else unpacks them, with whatever they need that the machine
# lacks, in FOLDER, where nothing is done of what packages do on installation (users, services, alternatives).
provide() {
    local folder=$1 archive
    shift
    if is_root; then
        say "installing $*"
        apt_get install -y --no-install-recommends "$@" || fail "apt-get install $* failed"
        return
    fi
    say "not root: unpacking $* in $folder"
    apt_get install -y --no-install-recommends --download-only "$@" || fail "apt-get could not download $*"
    rm -rf "$folder" "$folder.new"
    mkdir -p "$folder.new" || fail "cannot make $folder"
    for archive in "$var"/apt/cache/archives/*.deb; do
        say "unpacking ${archive##*/}"
        dpkg -x "$archive" "$folder.new" || fail "cannot unpack $archive"
    done
    # Whole under its final name, or not there at all.
    mv "$folder.new" "$folder" && rm -rf "$var/apt"
}

# library_path FOLDER: where the libraries of unpacked packages are, for LD_LIBRARY_PATH.
library_path() {
    local path= folder
    for folder in "$1"/usr/lib/*-linux-gnu "$1"/lib/*-linux-gnu; do
        [ -d "$folder" ] && path=$path${path:+:}$folder
    done
    printf '%s' "$path"
}

# wrapper FILE PROGRAM FOLDER: a script FILE that runs PROGRAM with the libraries unpacked in FOLDER.
wrapper() {
    mkdir -p "${1%/*}"
    printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$(library_path "$3")" "$2" >"$1"
    chmod +x "$1"
}
