"""What words show: cut, matched and counted, in Chinese and English."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.analysis import Observation, in_order
from greenroom.domain.asked import Asked
from greenroom.domain.competency import Competency
from greenroom.domain.template import Question
from greenroom_language.cues import KINDS, cue, matches, shipped_cues
from greenroom_language.protocol import Heard, Piece
from greenroom_language.said import Said, said
from greenroom_language.wording import PROVIDES, observations
from greenroom_language.words import Cutter, stem


def spoken(
    text: str, start_s: float = 0, *, language: str | None = None, s_per_letter: float = 0.1
) -> Said:
    """An utterance whose letters take a tenth of a second each."""
    length_s = len(text) * s_per_letter
    piece = Piece(text=text, start_s=0, end_s=length_s)
    made = said(
        Heard(pieces=[piece], language=language, confidence=0.9), start_s, start_s + length_s
    )
    assert made is not None
    return made


def asked(
    *keywords: str, question: str = "请介绍一次您处理顾客投诉的经历。", required: str | None = None
) -> Asked:
    competency = Competency.model_validate(
        {
            "id": "service",
            "name": {"zh-CN": "服务", "en": "Service"},
            "weight": 100,
            "indicators": [{"id": "empathy", "name": {"en": "Empathy"}, "weight": 100}],
            "keywords": keywords,
        }
    )
    text = {"zh-CN": question} if "。" in question else {"en": question}
    return Asked(
        question=Question.model_validate(
            {"id": "first", "text": text, "language_required": required}
        ),
        competencies=[competency],
    )


def seen(utterances: list[Said], about: Asked) -> dict[str, list[Observation]]:
    found: dict[str, list[Observation]] = {}
    for item in observations(utterances, 60, about):
        found.setdefault(item.kind, []).append(item)
    return found


CHINESE = (
    "当时有一位顾客投诉排队太久,因为我们人手不够。所以我首先向他道歉,然后我组织大家做了团队协作的培训。"
    "最后等待时间减少了一半。"
)


def test_situation_action_result_and_connectives_in_chinese() -> None:
    utterance = spoken(CHINESE, 10)
    found = seen([utterance], asked("团队协作", "数据分析"))
    assert found["structure_share"][0].value == 1
    assert [len(found[kind]) for kind in ("situation", "action", "result")] == [1, 1, 1]
    words = [
        CHINESE[round((item.start_s - 10) * 10) : round((item.end_s - 10) * 10)]
        for item in found["connective"]
    ]
    assert words == ["因为", "所以", "首先", "然后", "最后"]
    assert found["connectives_per_min"][0].value == pytest.approx(
        5 * 60 / (len(CHINESE) * 0.1), rel=0.05
    )
    assert found["empathic_wording_share"][0].value == 1


def test_a_keyword_counts_as_a_word_and_has_its_time() -> None:
    found = seen([spoken(CHINESE, 10)], asked("团队协作", "数据分析"))
    (keyword,) = found["keyword"]
    at = CHINESE.index("团队协作")
    assert (keyword.start_s, keyword.end_s) == pytest.approx((10 + at * 0.1, 10 + (at + 4) * 0.1))
    assert found["keyword_share"][0].value == 0.5
    assert "keyword" not in seen([spoken("我在客户端上看到了")], asked("客户"))


def test_situation_action_result_in_english() -> None:
    text = "when I was a manager there was a long queue so we quickly decided to train people "
    text += "as a result it was half as long"
    found = seen(
        [spoken(text)], asked("training", "customers", question="How did you train people?")
    )
    assert found["structure_share"][0].value == 1
    assert len(found["action"]) == 1, "one word may stand between"
    assert found["keyword_share"][0].value == 0.5
    assert found["question_share"][0].value == 1
    assert len(found["structure"]) == 3


def test_the_answer_takes_up_the_questions_own_words() -> None:
    found = seen([spoken(CHINESE)], asked())
    taken = {
        CHINESE[round(item.start_s * 10) : round(item.end_s * 10)]
        for item in found["question_word"]
    }
    assert taken == {"顾客", "投诉"}
    assert found["question_share"][0].value == pytest.approx(2 / 3)
    assert seen([spoken("今天天气很好")], asked())["question_share"][0].value == 0


def test_a_long_list_of_keywords_asks_for_five_of_them() -> None:
    many = ["顾客", "排队", "道歉", "培训", "团队协作", *(f"要点{letter}" for letter in "甲乙丙丁")]
    assert seen([spoken(CHINESE)], asked(*many))["keyword_share"][0].value == 1


def test_the_required_language_is_held_against_what_was_spoken() -> None:
    both = [
        spoken("我们先谈", language="zh"),
        spoken("then we", 5, language="en"),
        spoken("对", 9, language="fr"),
    ]
    found = seen(both, asked(required="zh"))
    assert found["required_language_share"][0].value == pytest.approx(0.4 / 1.2)
    assert [len(found[f"language_{code}"]) for code in ("zh", "en", "other")] == [1, 1, 1]
    assert "required_language_share" not in seen(both, asked())
    untold = [spoken("then we")]
    assert "required_language_share" not in seen(untold, asked(required="zh")), "never guessed"


def test_few_words_are_little_evidence() -> None:
    few, many = (seen([spoken("then we talked " * times)], asked()) for times in (2, 40))
    assert few["structure_share"][0].confidence == pytest.approx(0.09)
    assert many["structure_share"][0].confidence == 0.6
    assert many["connectives_per_min"][0].confidence == pytest.approx(0.9)


def test_one_answers_words_do_not_change_how_the_next_is_cut() -> None:
    text = "我们做团队协作"
    before = Cutter(()).forms(text)
    assert Cutter(["团队协作"]).forms(text)[-1] == "团队协作"
    assert Cutter(()).forms(text) == before


def test_english_needs_no_chinese_dictionary() -> None:
    program = (
        "import sys; from tests.unit.language.test_wording import asked, seen, spoken;"
        "seen([spoken('then we talked to the customers')], asked('customers', '团队协作'));"
        "sys.exit('jieba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("trained", "training", True), ("studies", "study", True), ("Customer's", "customers", True),
        ("class", "clas", False), ("need", "ne", False), ("thing", "th", False),
    ],
)  # fmt: skip
def test_common_endings(one: str, other: str, same: bool) -> None:
    assert (stem(one) == stem(other)) is same


def test_of_several_cues_that_begin_alike_the_longest_counts_once() -> None:
    cutter = Cutter(())
    cues = [cue(phrase, cutter) for phrase in ("for", "for example", "in the end")]
    found = matches(cutter.words("for example in the end"), cues)
    assert [len(one) for one, _, _ in found] == [2, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_every_shipped_cue_finds_itself(kind: str) -> None:
    cutter = Cutter(shipped_cues().vocabulary())
    for phrase in shipped_cues().phrases(kind):  # type: ignore[arg-type]
        text = "".join(
            part.split("/")[0] + ("" if ord(part[0]) > 0x3400 else " ") for part in phrase.split()
        )
        assert matches(cutter.words(text), [cue(phrase, cutter)]), phrase


@given(
    st.lists(st.tuples(st.text(max_size=12), st.floats(0, 30), st.floats(0, 30)), max_size=8),
    st.floats(0, 1000),
    st.floats(0, 30),
)
def test_no_time_leaves_the_stretch_whatever_an_engine_says(
    told: list[tuple[str, float, float]], start_s: float, length_s: float
) -> None:
    pieces = [Piece(text=text, start_s=a, end_s=b) for text, a, b in told]
    made = said(Heard(pieces=pieces, confidence=0.5), start_s, start_s + length_s)
    if made is None:
        return
    assert len(made.text) == len(made.starts_s) == len(made.ends_s)
    assert all(
        start_s <= time <= start_s + length_s + 1e-6 for time in (*made.starts_s, *made.ends_s)
    )


@given(
    st.lists(
        st.text(alphabet="我们所以结果因为team so then 客户-,。'’1", min_size=1, max_size=40),
        max_size=5,
    )
)
def test_any_words_give_observations_in_the_answer_and_always_the_same(texts: list[str]) -> None:
    utterances = [spoken(text, 10.0 * at) for at, text in enumerate(texts) if text.strip()]
    if not utterances:
        return
    one, two = (in_order(observations(utterances, 60, asked("客户", "team"))) for _ in range(2))
    assert one == two
    assert {item.kind for item in one} <= set(PROVIDES)
    assert all(0 <= item.start_s <= item.end_s for item in one)
