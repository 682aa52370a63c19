"""What is wrong with a text on a page of one language."""

import re
from functools import cache

CHINESE, ENGLISH = "zh-hans", "en"

# Two English words side by side are more than the name of a thing, a unit or a code.
WORD = r"[A-Za-z][a-z]*(?:[’'][a-z]+)?"
ENGLISH_WORDS = re.compile(rf"(?<![\w&./@:#%=…-]){WORD}(?:[ ,;:]+{WORD})+(?![\w/@=])")
ANY_CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")
# What Feishu or a customer calls something may be quoted in an English sentence.
QUOTED = re.compile(r"“[^”]*”")
# Things that have no other name, as they may stand in a Chinese sentence.
NAMES = re.compile(
    r"\b(?:App (?:ID|Secret)|Encrypt Key|Verification Token|(?:access|tenant|app) token|log ID"
    r"|(?:Google|Microsoft) Authenticator|Windows Hello|Face ID|Touch ID)\b"
)
# How Django calls a row of which nobody has said how it is called.
NAMELESS = re.compile(r"\w+ object \(\w+\)")
# A pronoun where none is needed, and ways of writing that are not ours.
NOT_OUR_CHINESE = re.compile(r"你|它|登陆|其它|帐号|帐户")


@cache
def mistakes(text: str, language: str) -> list[str]:
    """What of ``text`` a reader of ``language`` should not have met."""
    nameless = NAMELESS.findall(text)
    if language == ENGLISH:
        return [*nameless, *ANY_CHINESE.findall(QUOTED.sub("“”", text))]
    return [*nameless, *ENGLISH_WORDS.findall(NAMES.sub("¶", text)), *NOT_OUR_CHINESE.findall(text)]
