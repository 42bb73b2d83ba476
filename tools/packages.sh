# What ./test and bench/compare need beside Rust; sourced by them.

# The peers that ElkFS must work with, and the FUSE they need.
stock_packages=(moosefs-master moosefs-chunkserver moosefs-metalogger moosefs-client moosefs-cli fuse3)
# Programs of the tests themselves.
test_packages=(e2fsprogs fio iproute2 util-linux diffutils coreutils git procps)
# libfuse's passthrough example: its source and what compiles it.
bench_packages=(libfuse3-dev pkg-config gcc libc6-dev iproute2)

need_root() {
  if [ "$(id -u)" != 0 ]; then
    echo "$1: run it as root" >&2
    exit 1
  fi
}

# Installs those of its arguments that are missing; says nothing when none is.
install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q '^install ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} = 0 ] && return
  if ! command -v apt-get >/dev/null; then
    echo "please install: ${missing[*]}" >&2
    return 1
  fi
  echo "installing ${missing[*]}"
  # The packages start no service here: daemons come from the tests alone.
  DEBIAN_FRONTEND=noninteractive apt-get update -qq || return
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

target_dir() {
  cargo metadata --no-deps --format-version 1 --offline | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
}

# Programs from crates.io that tests run; they stay in the target directory.
test_crates=(pjdfstest@0.2.2)

install_crates() {
  local crate tools
  tools=$(target_dir)/tools
  for crate in "$@"; do
    grep -qs "^\"${crate%@*} ${crate#*@} " "$tools/.crates.toml" && continue
    echo "installing $crate"
    cargo install --quiet --locked --root "$tools" --target-dir "$tools/build" "$crate" || return
    rm -rf "$tools/build"
  done
}
