"""Words that are in doubt, and better ones for them: only where a dictionary and the readings agree.

`words` says which words there are and which lie near one; `misreading` how likely one is read for another;
`choosing` weighs them; `correcting` goes over a page, and takes back what it did.
"""

from ocr_plugins.correction.choosing import CORRECT, KEEP, Choice, Corrector, check_correction, open_corrector
from ocr_plugins.correction.correcting import corrected, sure_of, taken_back
from ocr_plugins.correction.words import Words, open_words

__all__ = [
    "CORRECT",
    "KEEP",
    "Choice",
    "Corrector",
    "Words",
    "check_correction",
    "corrected",
    "open_corrector",
    "open_words",
    "sure_of",
    "taken_back",
]
