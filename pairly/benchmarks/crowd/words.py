"""What the people of a crowd are called, speak and write about.

Everything is picked by rank: the first of a list is the most frequent (Zipf's law), the last is rare.
"""

from __future__ import annotations

from random import Random
from typing import TypeVar

from profiles.constants import OFFERED_LANGUAGES

T = TypeVar("T")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_LATIN = _words(
    "Maria James Ana David Sofia Mark Emma Lucas Julia Daniel Marta Peter Laura Paul Nina Thomas Eva Martin Clara "
    "José Zoë Jürgen Chloé Søren Łukasz Małgorzata Çağla Ngọc Beyoncé Maxime Maja Matteo Malik Magnus Mateo Amara "
    "Chidi Fatou Kofi Aylin Emre Dilnoza Putri Wayan Aroha Tāne Siobhán Pádraig Ingrid Astrid Åsa Øyvind Iñaki Itziar"
)
_LATIN_FAMILIES = _words(
    "Smith García Silva Müller Martin Rossi Johnson Santos Novák Kowalska Jansen Andersson Nguyễn Kaya Okafor Diallo "
    "Brown Fernández Costa Schmidt Dubois Ricci Yılmaz Hansen Nagy Popescu Horvat O’Brien Lefèvre Ångström Mbeki "
    "Adeyemi Karimova Tamihana Ibarra Maduro Marchetti MacLeod Wijaya Suzuki-Weiß Østergård Łabędź Dvořák Szabó"
)
# By script: given names and family names. The first is what most countries write.
NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Latn": (_LATIN, _LATIN_FAMILIES),
    "Cyrl": (
        _words("Анна Иван Мария Олег Елена Юрій Наталія Дмитрий Марина Андрій Ольга Максим Світлана Борис"),
        _words("Иванова Петров Шевченко Смирнова Коваленко Соколов Маркова Мельник Йорданов Ђорђевић"),
    ),
    "Arab": (
        _words("محمد فاطمة أحمد مريم علي ليلى حسن زينب عمر نور مالك سارة"),
        _words("العلي حسن الخطيب رضایی منصور احمدی الشامي خان الزهراني"),
    ),
    "Deva": (
        _words("प्रिया राहुल अंजलि अमित माया विकास सुनीता कृष्ण नेहा अर्जुन"),
        _words("शर्मा वर्मा पाटील गुप्ता मिश्रा जोशी यादव श्रीवास्तव"),
    ),
    "Hans": (
        _words("伟 芳 娜 敏 静 磊 洋 艳 勇 小雨 美玲 志强"),
        _words("王 李 张 刘 陈 杨 黄 赵 马 欧阳"),
    ),
    "Jpan": (
        _words("さくら 陽菜 健太 翔 美咲 大輔 まり 葵"),
        _words("佐藤 鈴木 高橋 田中 渡辺 前田 松本"),
    ),
    "Kore": (_words("민준 서연 지훈 하은 수빈 마리"), _words("김 이 박 최 정 마")),
    "Grek": (_words("Μαρία Γιώργος Ελένη Νίκος Άννα"), _words("Παπαδόπουλος Μάνος Νικολάου Ιωάννου")),
    "Hebr": (_words("מאיה נועם תמר איתי שירה"), _words("כהן לוי מזרחי פרץ מלכה")),
    "Thai": (_words("มาลี สมชาย นภา กิตติ"), _words("ใจดี มานะ ศรีสุข ทองดี")),
    "Beng": (_words("মায়া রহিম সুমি করিম"), _words("হোসেন মণ্ডল দাস ইসলাম")),
}
_SCRIPTS = {
    "Cyrl": "RU UA BY BG RS KZ KG MN MK", "Arab": "EG SA IQ IR SY DZ MA SD JO LB KW AE YE PK AF LY TN", "Deva": "IN NP",
    "Hans": "CN TW HK SG", "Jpan": "JP", "Kore": "KR KP", "Grek": "GR CY", "Hebr": "IL", "Thai": "TH", "Beng": "BD",
}  # fmt: skip
SCRIPT_OF = {country: script for script, countries in _SCRIPTS.items() for country in countries.split()}

# What people speak besides English, by country; elsewhere the most frequent of all languages.
_SPOKEN = {
    "zh-Hans": "CN SG", "zh-Hant": "TW HK", "hi": "IN", "bn": "BD", "pt-BR": "BR", "pt": "PT AO MZ", "ja": "JP",
    "ru": "RU BY KZ KG", "es": "ES MX CO AR PE CL VE EC GT CU BO DO", "ur": "PK", "id": "ID", "ms": "MY", "tr": "TR",
    "vi": "VN", "de": "DE AT CH", "fa": "IR AF", "ko": "KR KP", "ar": "EG SA IQ SY DZ MA SD JO LB AE YE LY TN",
    "uk": "UA", "it": "IT", "fr": "FR BE CD CI CM SN ML", "pl": "PL", "nl": "NL", "ro": "RO", "el": "GR CY", "th": "TH",
    "he": "IL", "sv": "SE", "nb": "NO SJ", "da": "DK", "fi": "FI", "cs": "CZ", "hu": "HU", "ig": "NG", "sw": "KE TZ",
}  # fmt: skip
SPEAKS = {country: code for code, countries in _SPOKEN.items() for country in countries.split()}
_FREQUENT = ("en", "es", "zh-Hans", "hi", "ar", "fr", "pt-BR", "ru", "de", "ja")
LANGUAGES = _FREQUENT + tuple(code for code in OFFERED_LANGUAGES if code not in _FREQUENT)

_HEADS = _words(
    "music travel fitness cooking photography fashion gaming art dance books films yoga football makeup startups "
    "poetry chess gardening astronomy history cats dogs sailing climbing running coffee tea baking comics theatre "
    "languages "
    "philosophy design coding knitting pottery jazz opera hiking surfing magic maps"
)
_TRAITS = _words(
    "street vintage urban slow wild modern northern classical tiny late deep open early folk paper night garden winter "
    "desert island mountain river summer glass stone silk copper velvet lunar solar coastal"
)
# 41 frequent ones, then pairs that grow ever rarer.
TOPICS = _HEADS + tuple(f"{trait} {head}" for trait in _TRAITS for head in _HEADS)

_OPENINGS = (
    "I write every morning before the city wakes up.", "Ask me about my work and the people I met on the way.",
    "Ten years on stage have taught me how to listen.", "My days are for making things and my nights for reading.",
    "Born by the sea, living in the mountains.", "I answer everyone who writes with care.",
    "Trained as a nurse, now a full-time maker.", "Half of my friends are strangers who once wrote to me.",
    "I collect maps, records and good questions.", "Most of what I know I learned from mistakes.",
    "Coffee first, then everything else.", "Je réponds aussi en français, avec plaisir.",
    "Schreib mir gern auf Deutsch oder Englisch.", "Escríbeme sin miedo, contesto casi siempre.",
    "Пишите мне о чём угодно, отвечаю каждый день.", "कला और संगीत के बारे में मुझसे बात कीजिए।",
    "أحب الرسائل الطويلة والأسئلة الصعبة.", "好きなものについて話しましょう。",
)  # fmt: skip
_MIDDLES = (
    "You may ask for feedback on drafts, for recipes or just for company.",
    "I share what I am making while it is unfinished.",
    "Once a month I pick a letter and answer it with a song.",
    "Expect honest words, no small talk, and the odd bad joke.",
    "I read tarot for fun, never for truth.", "Currently learning the accordion, to my neighbours' regret.",
    "My photographs hang in three small galleries and one bakery.", "I coach beginners who are afraid of beginning.",
    "Voice notes are welcome, novels even more so.", "There is always a kettle on and a window open.",
    "I travel slowly and write down everything.", "Nothing is off topic as long as it is kind.",
)  # fmt: skip
BIOS = tuple(f"{opening} {middle}" for middle in _MIDDLES for opening in _OPENINGS)

_SYLLABLES = _words("ka lo mi ren sta vel ou tri ban do shi mar qua zen fel nor pi gu hal wex")
N_RARE_WORDS = 60_000


def rare_word(rank: int) -> str:
    """A word that nobody has heard, one of N_RARE_WORDS: rank 0 is in many texts, the last in hardly one."""
    letters = []
    rank += len(_SYLLABLES)
    while rank:
        rank, digit = divmod(rank, len(_SYLLABLES))
        letters.append(_SYLLABLES[digit])
    return "".join(letters)


def pick(rng: Random, ranked: tuple[T, ...]) -> T:
    """One of `ranked`, the k-th about k times as rarely as the first."""
    return ranked[rank(rng, len(ranked))]


def rank(rng: Random, n: int) -> int:
    """From 0 to n - 1 with a density that falls as 1/k."""
    return int((n + 1) ** rng.random()) - 1
