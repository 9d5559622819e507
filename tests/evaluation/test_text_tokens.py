"""What texts are compared by, in many scripts: numbers, signs and symbols are kept, and no language is known."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.text_tokens import Writing, folded, tokens, writing_of

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("-5", "-5"),
        ("–5 −5 ‑5", "-5 -5 -5"),
        ("+5 ±5", "+5 ±5"),
        ("a 3.14, b 314.", "a 3.14 b 314"),
        (".5 0.5 wait...5", ".5 0.5 wait 5"),
        ("-.5", "-.5"),
        ("1,000.50 1'000 1/2 10:30 5*3", "1,000.50 1'000 1/2 10:30 5*3"),
        ("2024-01-31, 5–7", "2024-01-31 5-7"),
        ("5 - 3", "5 - 3"),
        ("5 – 3", "5 - 3"),
        ("- a list - of", "a list of"),
        ("1e-5 1e5", "1e-5 1e5"),
        ("5² 52 3½ 31/2 H₂O", "5² 52 3½ 31/2 h₂o"),
        ("5% 5 % 5‰ §5", "5 % 5 % 5 ‰ § 5"),
        ("-$5 $-5 -∞", "- $ 5 $ -5 - ∞"),
        ("5€ <5 ≤5", "5 € < 5 ≤ 5"),
        ("१२.५ ٣٫٥", "१२.५ ٣٫٥"),
        ("covid-19 A-5", "covid 19 a 5"),
    ],
)
def test_numbers_keep_sign_point_and_unit(text: str, found: str) -> None:
    assert tokens(text) == found.split()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The cat, sat. (“really”?)", "the cat sat really"),
        ("C C# C++ F#", "c c# c++ f#"),
        ("a+b a++b c#d", "a + b a + + b c d"),
        ("A A+ A- BBB-, pre- and", "a a+ a- bbb- pre- and"),
        ("two--more state-of-the-art", "two more state of the art"),
        ("Don’t don't 'tis dogs'", "don't don't tis dogs"),
        ("snake_case __init__ _x", "snake_case init x"),
        ("**bold** `code` # Title", "bold code title"),
        ("Straße STRASSE", "strasse strasse"),
        ("ﬁne Ａｂｃ", "fine abc"),
        ("na\u00efve nai\u0308ve", "na\u00efve na\u00efve"),
        ("soft\u00adhyphen zero\u200bwidth \ufefffirst", "softhyphen zerowidth first"),
        ("👍 ❤️ 😀😀", "👍 ❤ 😀 😀"),
        ("", ""),
        (" \n", ""),
        ("!!! ?", "! ! ! ?"),
        ("yes !!!", "yes"),
    ],
)
def test_words_have_neither_case_nor_the_punctuation_of_sentences(text: str, found: str) -> None:
    assert tokens(text) == found.split()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("价格是-5元，ABC 3.5kg。", "价 格 是 -5 元 abc 3.5kg"),
        ("ラーメンを 食べた。", "ラ ー メ ン を 食 べ た"),
        ("ｶﾞｷ", "ガ キ"),
        ("ㄅㄆ 〇", "ㄅ ㄆ 〇"),
        ("กิน ๕ บาท", "กิ น ๕ บ า ท"),
        ("ລາວ ខ្មែរ", "ລ າ ວ ខ្ មែ រ"),
        ("မြန်မာ", "မြ န် မာ"),
        ("나는 사과를", "나는 사과를"),
        ("नमस्ते दुनिया", "नमस्ते दुनिया"),
        ("שָׁלוֹם عَالَم", "שָׁלוֹם عَالَم"),
        ("Привет, Мир!", "привет мир"),
    ],
)
def test_scripts_without_spaces_are_taken_letter_by_letter(text: str, found: str) -> None:
    assert tokens(text) == [unicodedata.normalize("NFC", each) for each in found.split()]


@pytest.mark.parametrize(
    ("texts", "writing"),
    [
        (["Hello, you."], Writing("Latin", by_words=True, is_plain=True)),
        (["a" * 99 + "é"], Writing("Latin", by_words=True, is_plain=True)),
        (["a" * 98 + "é"], Writing("Latin", by_words=True, is_plain=False)),
        (["Straße", "über"], Writing("Latin", by_words=True, is_plain=False)),
        (["Привет"], Writing("Cyrillic", by_words=True, is_plain=False)),
        (["नमस्ते"], Writing("Devanagari", by_words=True, is_plain=False)),
        (["나는"], Writing("Hangul", by_words=True, is_plain=False)),
        (["我喜欢 PyTorch"], Writing("Chinese", by_words=False, is_plain=False)),
        (["使用 PyTorch and more words of it"], Writing("Latin", by_words=True, is_plain=False)),
        (["私は林檎を食べる"], Writing("Japanese", by_words=False, is_plain=False)),
        (["漢字漢字漢字 かな a b c d e f g"], Writing("Japanese", by_words=False, is_plain=False)),
        (["a"], Writing("Latin", by_words=True, is_plain=True)),
        (["カタカナ-語"], Writing("Japanese", by_words=False, is_plain=False)),
        (["我喜欢吃苹果和香蕉了の"], Writing("Chinese", by_words=False, is_plain=False)),
        (["我喜欢吃苹果和香蕉了のの"], Writing("Japanese", by_words=False, is_plain=False)),
        (["ราคา"], Writing("Thai", by_words=False, is_plain=False)),
        (["ລາວ"], Writing("Lao", by_words=False, is_plain=False)),
        (["ខ្មែរ"], Writing("Khmer", by_words=False, is_plain=False)),
        (["မြန်မာ"], Writing("Burmese", by_words=False, is_plain=False)),
        (["-5", "3.14"], Writing("", by_words=True, is_plain=False)),
        (["一", "two", "three"], Writing("Latin", by_words=True, is_plain=False)),
        ([], Writing("", by_words=True, is_plain=False)),
    ],
)
def test_what_a_set_is_judged_by_follows_how_its_answers_are_written(texts: list[str], writing: Writing) -> None:
    assert writing_of(texts) == writing


SHORT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(deadline=None)
@given(SHORT)
def test_nothing_seen_is_lost_and_nothing_is_added(text: str) -> None:
    plain, found = folded(text), tokens(text)
    assert all(found)
    rest = plain
    for token in found:
        _, there, rest = rest.partition(token)
        assert there, "tokens stand in the text, in its order"
    assert bool(found) == bool(plain.split())
    if any(char.isalnum() for char in plain):
        kept = "".join(found)
        assert all(kept.count(char) == plain.count(char) for char in set(plain) if char.isalnum())


@settings(deadline=None)
@given(st.lists(st.sampled_from(["5", "-5", "3.5", "35", "c#", "c", "是", "食", "café", "5%", "½"]), max_size=8))
def test_texts_of_tokens_are_read_as_they_were_written(words: list[str]) -> None:
    found = tokens(" ".join(words))
    assert found == [part for word in words for part in ([word] if word != "5%" else ["5", "%"])]
