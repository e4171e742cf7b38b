#!/bin/sh
# SPDX-License-Identifier: MIT
# Gets the MovieLens latest-small ratings as one CSV file and prints that file's name.
set -eu

official_url=https://files.grouplens.org/datasets/movielens/ml-latest-small.zip
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
default_out=$root/build/data/movielens.csv
# The figures in the README are for the edition with this many ratings.
readme_ratings=100004
columns=user,item,rating,time,title,genres

usage() {
    cat <<EOF
Usage: movielens.sh [--from=official|debian] [FILE]

Gets the MovieLens latest-small ratings as a CSV file with the columns
user,item,rating,time,title,genres and prints that file's name on standard output.
FILE is $default_out unless given.

It takes the first of these that there is:
  1. the file named by the environment variable RIVULET_RATINGS, used as it is;
  2. FILE, when it exists already, used as it is;
  3. the official archive, $official_url;
  4. the same table in Debian's and Ubuntu's package r-cran-dslabs, which is installed with apt-get
     when it is missing and this user is root or may use sudo without a password.

  --from=official   never falls back to the package
  --from=debian     does not try the official archive; the package has the edition of
                    $readme_ratings ratings that the figures in the README are for
  --help            prints this text

Exit status: 0 when the file is there, 2 when it could not be had or the arguments are wrong.
The ratings are not part of this repository because their licence does not allow redistribution.
EOF
}

say() { printf 'movielens.sh: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 2
}

# The line of a failed command's output that says most: the first one, but apt-get's errors come last.
reason() { grep . "$work/why" 2>/dev/null | "${1:-head}" -n 1 | sed 's/^ *//; s/[.]*$//'; }

can_read() { [ -f "$1" ] && [ -r "$1" ]; }

# Says which edition a file that this script wrote is; a title never spans lines in either source, so lines are ratings.
describe() {
    [ "$(head -n 1 -- "$1")" = "$columns" ] || return 0
    count=$(($(wc -l <"$1") - 1))
    if [ "$count" -eq "$readme_ratings" ]; then
        say "$1 holds $count ratings, the edition that the figures in the README are for."
    else
        say "$1 holds $count ratings; the figures in the README are for $readme_ratings, so yours will differ."
    fi
}

download() {
    if command -v curl >/dev/null 2>&1; then
        curl -fsSL --connect-timeout 5 --max-time 120 -o "$1" "$official_url" 2>"$work/why"
    elif command -v wget >/dev/null 2>&1; then
        wget -nv --tries=1 --connect-timeout=5 --dns-timeout=5 --read-timeout=20 -O "$1" "$official_url" 2>"$work/why"
    else
        echo "neither curl nor wget is installed" >"$work/why"
        return 1
    fi
}

unpack() {
    mkdir -- "$2" || return 1
    if command -v unzip >/dev/null 2>&1; then
        unzip -q "$1" -d "$2"
    elif command -v bsdtar >/dev/null 2>&1; then
        bsdtar -xf "$1" -C "$2"
    elif command -v python3 >/dev/null 2>&1; then
        python3 -m zipfile -e "$1" "$2"
    else
        echo "none of unzip, bsdtar and python3 is installed" >"$work/why"
        return 1
    fi >/dev/null 2>&1 || {
        echo "what was downloaded is not an archive that can be unpacked" >"$work/why"
        return 1
    }
}

# What follows a film's first comma is already `title,genres` quoted as CSV wants it, so it is carried over unread and quoted commas
# cannot go wrong. A line of any other shape means the archive's layout has changed, which must not pass for data.
join_films() {
    LC_ALL=C awk -F, '
        function stop(text) { print text > "/dev/stderr"; failed = 1; exit 1 }
        { sub(/\r$/, "") }
        FNR == 1 {
            ++files
            if ($0 != (files == 1 ? "movieId,title,genres" : "userId,movieId,rating,timestamp"))
                stop("the archive has an unknown header: " $0)
            if (files == 2) print columns
            next
        }
        files == 1 {
            if ($0 !~ /^[0-9]+,.*,[^,"]*$/) stop("movies.csv has an unknown line: " $0)
            film[$1] = substr($0, length($1) + 2)
            next
        }
        $0 !~ /^[0-9]+,[0-9]+,[0-9.]+,[0-9]+$/ { stop("ratings.csv has an unknown line: " $0) }
        { print $0 "," (($2 in film) ? film[$2] : ","); ++ratings }
        END { if (!failed && !ratings) stop("the archive has no ratings") }
    ' columns="$columns" "$1" "$2" >"$3" 2>"$work/why"
}

from_official() {
    say "Downloading the official archive $official_url."
    if download "$work/archive.zip" && unpack "$work/archive.zip" "$work/archive" &&
        join_films "$work/archive/ml-latest-small/movies.csv" "$work/archive/ml-latest-small/ratings.csv" "$work/ratings.csv"; then
        source_name="the official archive"
        return 0
    fi
    say "The official archive could not be used: $(reason)."
    return 1
}

have_dslabs() { command -v Rscript >/dev/null 2>&1 && Rscript --vanilla -e 'stopifnot(requireNamespace("dslabs"))' >/dev/null 2>&1; }

install_dslabs() {
    command -v apt-get >/dev/null 2>&1 || {
        say "The package r-cran-dslabs is not installed and there is no apt-get to install it with."
        return 1
    }
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        say "The package r-cran-dslabs is not installed, and installing it takes root: sudo apt-get install r-cran-dslabs"
        return 1
    fi
    say "Installing the package r-cran-dslabs with apt-get."
    install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends r-cran-dslabs"
    # A fresh container has no package lists, and fetching them when they are there would only cost time.
    # shellcheck disable=SC2086 # the commands are meant to be split into words
    $install >"$work/why" 2>&1 || { $as_root apt-get update >"$work/why" 2>&1 && $install >"$work/why" 2>&1; } || {
        say "apt-get could not install r-cran-dslabs: $(reason tail)."
        return 1
    }
}

from_debian() {
    have_dslabs || install_dslabs || return 1
    say "Writing out the table movielens of the package r-cran-dslabs."
    cat >"$work/export.R" <<'EOF'
arguments <- commandArgs(TRUE)
columns <- arguments[2]
table <- dslabs::movielens
quoted <- function(text) {
    text <- enc2utf8(ifelse(is.na(text), "", trimws(text)))
    special <- grepl("[\",\r\n]", text)
    text[special] <- paste0("\"", gsub("\"", "\"\"", text[special]), "\"")
    text
}
title <- as.character(table$title)
title <- ifelse(is.na(title) | is.na(table$year), title, paste0(trimws(title), " (", table$year, ")"))
whole <- function(x) format(x, scientific = FALSE, trim = TRUE)
lines <- paste(whole(table$userId), whole(table$movieId), table$rating, whole(table$timestamp),
               quoted(title), quoted(as.character(table$genres)), sep = ",")
out <- file(arguments[1], open = "wb")
writeLines(c(columns, lines), out, useBytes = TRUE)
close(out)
EOF
    if Rscript --vanilla "$work/export.R" "$work/ratings.csv" "$columns" >"$work/why" 2>&1; then
        source_name="Debian's package r-cran-dslabs"
        return 0
    fi
    say "The table could not be written: $(reason)."
    return 1
}

from=any
out=
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --from=official | --from=debian) from=${1#--from=} ;;
        -*) fail "There is no option $1; --help names those there are." ;;
        '') fail "The name of the file is empty; leave it out to get $default_out." ;;
        *)
            [ -z "$out" ] || fail "Only one file can be given, and there are $out and $1."
            out=$1
            ;;
    esac
    shift
done

if [ -n "${RIVULET_RATINGS:-}" ]; then
    can_read "$RIVULET_RATINGS" || fail "RIVULET_RATINGS names $RIVULET_RATINGS, which is not a file that can be read."
    say "Using $RIVULET_RATINGS as it is, because RIVULET_RATINGS names it."
    printf '%s\n' "$RIVULET_RATINGS"
    exit 0
fi

out=${out:-$default_out}
if [ -e "$out" ]; then
    can_read "$out" || fail "$out exists but is not a file that can be read."
    say "Nothing to do: $out is already there (remove it to get it anew)."
    describe "$out"
    printf '%s\n' "$out"
    exit 0
fi

mkdir -p -- "$(dirname -- "$out")" || fail "The folder for $out cannot be made."
# Beside the target, so that the last step is a rename within one file system and no reader ever sees half a file.
work=$out.part.$$
case $work in
    /* | ./*) ;;
    *) work=./$work ;; # or awk would take a name such as a=b for an assignment
esac
mkdir -- "$work" || fail "The folder $work for unfinished files cannot be made."
trap 'rm -rf -- "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

case $from in
    official) from_official ;;
    debian) from_debian ;;
    any) from_official || from_debian ;;
esac || fail "There are no ratings: install the package r-cran-dslabs (apt-get install r-cran-dslabs) or download $official_url \
and set RIVULET_RATINGS to the ratings.csv in it, or to any CSV file with the columns user, item, rating and time; then run this again."

mv -- "$work/ratings.csv" "$out" || fail "The finished file cannot be moved to $out."
say "Got the ratings from $source_name."
describe "$out"
printf '%s\n' "$out"
