# shellcheck shell=sh disable=SC2034,SC2154
# Shell functions and places that the scripts in packaging/ and tests/ share. Read it with "." after setting `root` to the
# top of the tree; it is POSIX sh and needs nothing but Debian's essential packages.

target=x86_64-w64-mingw32
build_dir=$root/build
log_dir=$build_dir/log
deps_dir=$build_dir/deps
prefix=$deps_dir/$target
native_prefix=$deps_dir/native

# A UTF-8 locale that is always there: Wine takes the encoding of file names from it.
export LC_ALL=C.UTF-8

# say TEXT...: one line about the step that begins or has ended.
say()
{
    printf '%s\n' "$*"
}

# die TEXT...: says what is wrong and ends the script.
die()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# log_start NAME: empties build/log/NAME.log; `logged` and `attempt` write to it from here on.
log_start()
{
    mkdir -p "$log_dir"
    log=$log_dir/$1.log
    : >"$log"
}

# attempt COMMAND...: runs the command with its output in the log; returns its exit code.
attempt()
{
    printf '+ %s\n' "$*" >>"$log"
    "$@" >>"$log" 2>&1 </dev/null
}

# logged COMMAND...: the same for a command that has to succeed: if it does not, shows the end of the log and ends the script.
logged()
{
    attempt "$@" && return
    tail -n 25 "$log" >&2
    die "failed: $1 (all of its output: $log)"
}

# hash_of FILE...: prints a digest of the files' contents.
hash_of()
{
    cat -- "$@" | sha256sum | cut -d ' ' -f 1
}

# clean_environment: forgets what the caller's environment says about compilers. That is meant for programs of this machine,
# not for those of Windows.
clean_environment()
{
    unset CC CXX CPP AR CFLAGS CPPFLAGS CXXFLAGS LDFLAGS LIBS DESTDIR MAKEFLAGS
    unset PKG_CONFIG PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
}
