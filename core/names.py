"""Names of people: one spelling for storing, and the keys they are sorted and searched by.

Search. A name is stored with a sorted array of pieces under a GIN index, and a query is cut into
pieces by the same rules, so "may match" is array containment (`pieces @> query_tokens(text)`):

* Chinese: every character and every pair of neighbours (小, 明, 小明). A query of one character
  asks for it, a longer one for its pairs.
* Latin: every beginning of every syllable (z, zh, … zhang) and, marked with ~, the first letters
  of neighbouring syllables (~zx, ~xm). A query is cut greedily into beginnings of syllables, as
  an input method does: zhangs -> zhang, s, ~zs; zxm -> z, x, m, ~zx, ~xm. Where the greedy cut of
  the whole name differs from its syllables (ke neng -> ken eng) its pieces are stored as well.
* Surnames are read as surnames, and every reading of a polyphonic one is stored; the readings
  stand in data/name_readings.csv.

A name of three characters has about 20 pieces. Pieces of one word may come from two places of a
name, so a query can find a little too much, never too little.
"""

import csv
import os
import re
import unicodedata
from functools import lru_cache
from itertools import pairwise, starmap
from pathlib import Path
from typing import NamedTuple

from core.sheets.text import BLANKS, half_width

# Names are read character by character: the phrase table would cost every worker 30 MB.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_DOTS = dict.fromkeys(map(ord, "\u0387\u2022\u2027\u2219\u22c5\u30fb\uff65\uff0e."), "\u00b7")
_BLANK = f"[{re.escape(BLANKS)}]+"
_USELESS_BLANK = re.compile(f"(?<=[{_HAN}\u00b7]){_BLANK}|{_BLANK}(?=[{_HAN}\u00b7])")
_BLANK_RUN = re.compile(_BLANK)
_WORDS = re.compile(f"[{_HAN}]+|[a-z]+")

# Beyond this many syllables nobody types on; names of 20 characters would bloat the index.
_SYLLABLES = 8
_WORD_LETTERS = 12
_LONGEST = 6
_VOWEL = re.compile("[aeiouv]").search


class SearchKeys(NamedTuple):
    pinyin: str  # "zhang xiao ming": sorts by syllable, then the next
    initials: str  # "zxm"
    tokens: list[str]


def normalise(text: str) -> str:
    """One spelling: U+00B7 for every dot, half-width, no padding inside a Chinese name."""
    text = half_width(text.translate(_DOTS)).strip(BLANKS)
    if text.isalpha():
        return text
    return _BLANK_RUN.sub(" ", _USELESS_BLANK.sub("", text))


def search_keys(name: str) -> SearchKeys:
    """Sort key, initials and search pieces of a normalised name."""
    words = _words(name)
    said = _said(words)
    usual = [ways[0] for ways in said]
    pieces = _spoken_pieces(said, usual)
    for word in words:
        if _is_han(word):
            pieces.update(word, _pairs(word))
    heard = usual if any(map(_is_han, words)) else words
    return SearchKeys(" ".join(heard), "".join([word[0] for word in heard]), sorted(pieces))


def tokens(name: str) -> list[str]:
    return search_keys(name).tokens


def query_tokens(text: str) -> list[str]:
    """The pieces a name must hold to match what a person typed; none if nothing can be searched."""
    pieces: set[str] = set()
    for word in _words(normalise(text)):
        if _is_han(word):
            pieces.update(_pairs(word) or word)
        else:
            cut = _segments(word)
            pieces.update(cut, _neighbours(cut))
    return sorted(pieces)


def _words(name: str) -> list[str]:
    """The runs of Chinese characters and of Latin letters."""
    if name.isalpha() and _is_han(name) and _is_han(name[-1]):
        return [name]
    return _WORDS.findall(name.lower())


def _is_han(word: str) -> bool:
    return word[0] > "\u2e7f"


def _pairs(word: str) -> list[str]:
    return [word[at : at + 2] for at in range(len(word) - 1)]


def _neighbours(syllables: list[str]) -> list[str]:
    return [f"~{one[0]}{two[0]}" for one, two in pairwise(syllables)]


def _spoken_pieces(said: list[tuple[str, ...]], usual: list[str]) -> set[str]:
    said = said[:_SYLLABLES]
    pieces: set[str] = set()
    for ways in said:
        for way in ways:
            pieces |= _beginnings(way)
    for ways, next_ways in pairwise(said):
        pieces.update([f"~{one[0]}{two[0]}" for one in ways for two in next_ways])
    readings = [usual[:_SYLLABLES]]
    if said and len(said[0]) > 1:
        readings += [[way, *usual[1:_SYLLABLES]] for way in said[0][1:]]
    for reading in readings:
        pieces |= _run_together_pieces(reading)
    return pieces


def _run_together_pieces(syllables: list[str]) -> set[str]:
    """What the greedy cut finds in ke+neng, or in the initials s+h.

    A query has no blanks, so it is cut as ken+eng and as the beginning sh.
    """
    letters = [syllable[0] for syllable in syllables]
    typed = (syllables, syllables[1:], letters, letters[1:], [*syllables[:1], *letters[1:]])
    pieces: set[str] = set()
    for parts in typed:
        if not all(starmap(_stays_apart, pairwise(parts))):
            cut = _segments("".join(parts))
            pieces.update(_neighbours(cut), *map(_beginnings, cut))
    return pieces


@lru_cache(maxsize=1 << 15)
def _stays_apart(one: str, two: str) -> bool:
    return _segments(one + two)[0] == one


def _said(words: list[str]) -> list[tuple[str, ...]]:
    """For each syllable of the name the ways to say it, the usual one first."""
    if not words:
        return []
    if not _is_han(words[0]):
        return [ways for word in words for ways in _word_said(word)]
    surname, rest = _surname(words[0])
    return [*surname, *_word_said(rest), *[w for word in words[1:] for w in _word_said(word)]]


def _surname(word: str) -> tuple[list[tuple[str, ...]], str]:
    """How the surname that begins a word is said, and the characters behind it."""
    table = _readings()["surname"]
    length = 2 if len(word) > 2 and word[:2] in table else 1
    if word[:length] in table:
        return table[word[:length]], word[length:]
    return [], word


def _word_said(word: str) -> list[tuple[str, ...]]:
    if word and not _is_han(word):
        # A Latin name is stored by the same cut that a query of its letters gets.
        return [(piece,) for piece in _segments(word[:_WORD_LETTERS])]
    return [ways for character in word if (ways := _character_said(character))]


@lru_cache(maxsize=1 << 15)
def _character_said(character: str) -> tuple[str, ...]:
    given = _readings()["given"].get(character)
    if given:
        return given[0]
    way = _plain(_dictionary().get(ord(character), "").split(",")[0])
    return (way,) if way else ()


def _plain(reading: str) -> str:
    """Without tones, and lǚ as lv: as it is typed."""
    bare = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    return "".join([letter for letter in bare if "a" <= letter <= "z"])


@lru_cache(maxsize=1 << 12)
def _beginnings(syllable: str) -> frozenset[str]:
    return frozenset(syllable[:end] for end in range(1, len(syllable) + 1))


def _segments(letters: str) -> list[str]:
    """zhangxm -> zhang, x, m: greedily the longest beginnings of syllables."""
    known, cut, at = _known_beginnings(), [], 0
    while at < len(letters):
        size = _LONGEST
        while size > 1 and letters[at : at + size] not in known:
            size -= 1
        cut.append(letters[at : at + size])
        at += len(cut[-1])
    return cut


@lru_cache(maxsize=1)
def _dictionary() -> dict[int, str]:
    """Readings by code point: 13 MB, which a process that only spells names does without."""
    from pypinyin.constants import PINYIN_DICT

    return PINYIN_DICT


@lru_cache(maxsize=1)
def _known_beginnings() -> frozenset[str]:
    ways = {_plain(way) for ways in _dictionary().values() for way in ways.split(",")}
    # Interjections like hm and ng are nobody's name, but would swallow initials.
    syllables = {way for way in ways if _VOWEL(way)}
    return frozenset().union(*map(_beginnings, syllables))


@lru_cache(maxsize=1)
def _readings() -> dict[str, dict[str, list[tuple[str, ...]]]]:
    """By position in the name: 尉迟 -> [(yu, wei), (chi,)]."""
    found: dict[str, dict[str, list[tuple[str, ...]]]] = {"surname": {}, "given": {}}
    path = Path(__file__).with_name("data") / "name_readings.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ways = [way.split() for way in row["readings"].split("/")]
            syllables = [tuple(dict.fromkeys(said)) for said in zip(*ways, strict=True)]
            found[row["position"]][row["text"]] = syllables
    return found
