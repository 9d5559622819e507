"""The words around an answer: which lead to it, which part one label from the next, which take it back.

In lower case. English, and what the commonest other languages say for "not", "and", "example".
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Between "the answer is" and a label nothing else may stand, or the sentence says something else.
LEADING = _words(
    "a an the this that it its here i would will say think choose pick select is are be as of for to in with my your "
    "answer answers label labels tag tags category categories class classes classification topic topics intent "
    "output result results response final correct right best most suitable appropriate fitting relevant applicable "
    "predicted suggested chosen assigned following text message sentence question assistant json sure okay ok "
    "certainly so should belongs can classified labeled labelled tagged categorized categorised under"
)
# Straight before a label they say that it is the answer, whatever the sentence began with.
TELLING = _words("answer answers label labels tag tags category categories class classes classification")
COPULAS = _words("is are be : = as")
PARTING = frozenset([",", ";", "and", "&", "+", "und", "et", "y", "e", "和", "、", "，"])
# Signs that mean nothing around a label: bold, bullets, quotes, headings, brackets of a sentence.
SIGNS = _words("* ` \" ' “ ” „ ‘ ’ « » # • · – — : = . ! … 。 ： ！ 「 」 \\ >")
ENDING = frozenset([".", "!", "。", "！"])
NOTHING = frozenset(
    [
        "",
        "none",
        "null",
        "nothing",
        "n / a",
        "n/a",
        "no label",
        "no labels",
        "no category",
        "none of them",
        "none of these",
    ]
)
# Take back what stands after them, or before.
DENYING = _words(
    "not no non nor never neither cannot cant isnt arent without except excluding exclude excluded excludes unlike "
    "instead rather wrong incorrect incorrectly false invalid ignore disregard mistake mistaken error errors failed "
    "rejected reject negated negative unless nicht kein keine keinen nie ni pas jamais sin nunca não nao non nem niet "
    "geen nie не нет ни ne nej inte ikke 不 非 没 無 无 ない なく じゃ"
)
# Said after an answer, they announce another one.
TURNING = _words("wait actually oops correction hmm sorry scratch reconsider alternatively")
# Said before one, they make it an example.
SUPPOSING = _words("example examples instance if suppose imagine beispiel exemple ejemplo")
# Keys under which a model explains its answer: whatever they hold, it is no second one.
EXPLAINING = _words(
    "reason reasons reasoning reasonings explanation explanations rationale justification why because thought thoughts "
    "thinking analysis comment comments note notes evidence summary description text message input language "
    "confidence score scores probability certainty id index"
)
SCORING = _words("confidence score scores probability certainty")
# Keys under which a model puts its answer, beside the kind's own.
ANSWERING = _words(
    "answer answers label labels tag tags category categories class classes classification classifications topic "
    "topics intent intents output result results response prediction predictions arguments parameters"
) | {"final answer", "final label", "predicted label", "predicted labels", "label name"}
# Within a list of objects each may name one label, also under these.
NAMING = ANSWERING | {"name", "value"}
# A list under such a key says which labels it is not, and so does not take the others back.
EXCLUDING = _words("excluded exclude excludes excluding rejected")
