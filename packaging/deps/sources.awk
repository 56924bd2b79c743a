# Turns this machine's apt sources into deb-src entries for Debian 13: the entries that name Debian's main archive (or its
# security archive) are kept as they are, with keyring and options, save for the release they ask for.
#
# Input: files of either format. Output: one-line entries to the file named by -v list=, deb822 stanzas to that named by
# -v stanzas=.

# The suite of Debian 13 that stands in the same archive as `suite`, or "" if this is not a suite that leads to one.
function counterpart(suite)
{
    if (suite ~ /^(bullseye|bookworm|trixie|forky|oldstable|stable|testing|sid|unstable)$/)
        return "trixie"
    if (suite ~ /^(bullseye|bookworm|trixie|forky|oldstable|stable|testing)-security$/)
        return "trixie-security"
    return ""
}

# The counterparts of all suites in a list, each once.
function counterparts(suites,    n, names, i, suite, found)
{
    n = split(suites, names)
    for (i = 1; i <= n; i++) {
        suite = counterpart(names[i])
        if (suite != "" && index(" " found " ", " " suite " ") == 0)
            found = found (found == "" ? "" : " ") suite
    }
    return found
}

# deb [ options ] URI SUITE COMPONENT...
function one_line(line,    options, words, suite)
{
    sub(/[ \t]*#.*/, "", line)
    gsub(/[ \t]+/, " ", line)
    sub(/^ ?deb(-src)? /, "", line)
    if (match(line, /^\[[^]]*\] /)) {
        options = substr(line, 1, RLENGTH)
        line = substr(line, RLENGTH + 1)
    }
    split(line, words)
    suite = counterpart(words[2])
    if (suite == "" || words[1] ~ /^cdrom:/ || index(line " ", " main ") == 0)
        return
    line = "deb-src " options words[1] " " suite " main"
    if (!(line in seen))
        print line >list
    seen[line] = 1
}

function end_stanza(    suites, text)
{
    suites = counterparts(field["suites"])
    text = "Types: deb-src\nSuites: " suites "\nComponents: main\n" kept
    if (suites != "" && field["types"] != "" && tolower(field["enabled"]) !~ /no|false|off|0/ &&
        index(" " field["components"] " ", " main ") > 0 && !(text in seen)) {
        print text >stanzas
        seen[text] = 1
    }
    kept = ""
    split("", field)
}

FNR == 1 { end_stanza(); is_stanzas = FILENAME ~ /\.sources$/ }
/^[ \t]*#/ { next }
!is_stanzas && /^[ \t]*deb(-src)?[ \t]/ { one_line($0) }
!is_stanzas { next }
/^[ \t]*$/ { end_stanza(); next }
/^[^ \t:]+:/ {
    name = tolower(substr($0, 1, index($0, ":") - 1))
    value = substr($0, index($0, ":") + 1)
    gsub(/^[ \t]+|[ \t]+$/, "", value)
    gsub(/[ \t]+/, " ", value)
}
{ is_ours = name ~ /^(types|suites|components|enabled|architectures)$/ }
is_ours && /^[ \t]/ { value = $0; gsub(/[ \t]+/, " ", value) }
is_ours { field[name] = field[name] " " value }
!is_ours { kept = kept $0 "\n" }
END { end_stanza() }
