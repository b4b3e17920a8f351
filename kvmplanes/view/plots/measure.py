# SPDX-License-Identifier: GPL-2.0-only
"""How wide words are, without a font: the advances and the kerning of DejaVu Sans, in which plots are laid out.

The numbers are those of matplotlib's text layout: 64ths of a point, at a size of 100 points.
"""

from itertools import pairwise
from typing import Final

SMALL: Final = 8.0  # points: the smallest words
_OTHER: Final = 4480  # a character that is not below

_ADVANCE: Final = {char: advance for advance, chars in {
    1759: "'", 1778: "ijl", 1888: "IJ", 2034: " ,.", 2156: "/:;\\|", 2253: "f", 2309: "-", 2497: "()[]", 2509: "t",
    2566: "!", 2631: "r", 2944: '"', 3200: "*_`", 3334: "s", 3359: "z", 3397: "?", 3519: "c", 3566: "L", 3681: "F",
    3706: "k", 3788: "vxy", 3859: "P", 3909: "TY", 3916: "o", 3922: "a", 3938: "e", 4044: "E", 4056: "hnu",
    4063: "Sbdgpq", 4072: "$0123456789{}", 4197: "K", 4378: "AV", 4384: "XZ", 4391: "B", 4447: "R", 4469: "C",
    4684: "U", 4788: "N", 4813: "H", 4928: "D", 4959: "G", 4991: "&", 5038: "OQ", 5234: "w", 5363: "#+<=>^~",
    5522: "M", 6081: "%", 6234: "m", 6328: "W", 6400: "@",
}.items() for char in chars}  # fmt: skip
_KERNING: Final = {pair: kern for kern, pairs in {
    -1297: "Y.", -1087: "Tc Te To", -1059: "Ta Ts Tw", -1028: "F.", -997: "P. Ty", -972: "Tu", -941: "Tr", -912: "y.",
    -881: "LT Ya", -850: "LY Y: Ye Yo", -825: "V.", -759: "-Y T. Y-", -734: "W. Yu", -703: "LV T:", -672: "K-",
    -587: "-T FA Fa Fy LW Ly T- r. w.", -522: "V:", -497: "AT AY F: KT TA Va Ve Vo YA v.",
    -466: "Fi Fr Ky RT XC f. y:", -434: "Ay Vu", -409: "AV OX PA RY VA Wa XO r-", -375: "-V Av TC V- W: We Wo",
    -350: "AW BY DY Fe Fu KC KO OY RV Ry WA YC YO f- v: w:", -319: "-X GY Ke Ko Ku LU RC X-",
    -287: "Pa Re Ro Ru Wr Xe", -259: "-W Aw O. R- RA RW W-",
    -228: "-B Af BW Fo GT J- KW KY LO Pe Po R. Wu Yi f: ke ko ky", -197: "BV R: Ti ku ox xe xo",
    -172: "-v KU Vy rx v-", -141: "-A A- P- PY Pi Ra Vi Wi rc re ro",
    -112: "-y A. A: AC AG AO AQ Ac Ad Ae Ao Aq At BC BG BO BS CY DA DV FS FT H. JA KA Ka L- Le Lo Lu O: OA OV Pn Pr Ps "
          "Pu TT UZ VO Wy XT Z- ex ft fw fy ka o. r: rd rg rh rm rn rq rr xc y-",
    -97: "ff", 119: "-o SA o-", 147: "LA", 178: "-O AA O- Q-", 234: "-G -Q", 356: "-J",
}.items() for pair in pairs.split()}  # fmt: skip


def wide(words: str) -> float:
    """The width of small words, in points."""
    advances = sum(_ADVANCE.get(char, _OTHER) for char in words)
    kerning = sum(_KERNING.get(first + second, 0) for first, second in pairwise(words))
    return (advances + kerning) / 64 * (SMALL / 100)
