"""What holds for every cell of every incoming sheet: half-width signs, no blanks at the ends."""

# Letters, digits and signs typed with a Chinese input method, and the ideographic space.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}

# str.isspace does not know the blanks without width, and those are what web pages leave behind.
ZERO_WIDTH = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u180e\u00ad"
BLANKS = (
    " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000" + ZERO_WIDTH
)
NO_BLANKS = dict.fromkeys(map(ord, BLANKS))

# The sign Excel users type before a number to keep it text.
_APOSTROPHES = frozenset("'‘’＇")


def half_width(text: str) -> str:
    return text if text.isascii() else text.translate(_HALF_WIDTH)


def clean(text: str) -> str:
    """Half-width, trimmed of every kind of blank, without one leading apostrophe."""
    text = half_width(text).strip(BLANKS)
    if text[:1] in _APOSTROPHES and text:
        return text[1:].strip(BLANKS)
    return text


def squeeze(text: str) -> str:
    """Without any blank at all."""
    return text.translate(NO_BLANKS)
