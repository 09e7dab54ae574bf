"""Who is in the demo: invented creators and fans."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Creator:
    """A creator; country and languages are codes (ISO 3166, BCP 47), `look` holds what the portrait is drawn from."""

    name: str
    headline: str
    bio: str
    city: str
    country: str
    latitude: float
    longitude: float
    languages: tuple[str, ...]
    topics: tuple[str, ...]
    price_credits: int
    reply_hours: int
    theme: str
    birth_year: int
    look: dict[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fan:
    """A fan."""

    name: str
    birth_year: int


CREATORS: tuple[Creator, ...] = (
    Creator(
        name="Mara Lindqvist",
        headline="Glazes, kilns and small-studio life",
        bio=(
            "I throw tableware in a former bicycle shop by the canal and have ruined more glaze tests "
            "than most people ever mix. Send me your recipe, your cone and an honest description of what "
            "went wrong. I answer in the evening, when the kiln is cooling and there is nothing to do "
            "but wait."
        ),
        city="Malmö",
        country="SE",
        latitude=55.6,
        longitude=13.0,
        languages=("sv", "en"),
        topics=("ceramics", "glazes", "kilns", "small studio"),
        price_credits=120,
        reply_hours=72,
        theme="ceramics",
        birth_year=1978,
        look={
            "skin": 1,
            "hair": "bun",
            "hair_colour": 4,
            "beard": "none",
            "glasses": False,
            "age": "middle",
            "clothes": "apron",
            "palette": 0,
            "tilt": -3,
            "smile": 0.6,
        },
    ),
    Creator(
        name="Dev Anand Rao",
        headline="FIDE master. I read your losses with you",
        bio=(
            "Most players come to me with an opening problem, and it is nearly always a rook ending "
            "problem. Send one game with your own thoughts written in before you have asked an engine. I "
            "will tell you which single habit cost you the point."
        ),
        city="Bengaluru",
        country="IN",
        latitude=13.0,
        longitude=77.6,
        languages=("en", "hi", "kn"),
        topics=("chess", "endgames", "training plans", "game review"),
        price_credits=250,
        reply_hours=48,
        theme="chess",
        birth_year=1984,
        look={
            "skin": 5,
            "hair": "short",
            "hair_colour": 0,
            "beard": "short",
            "glasses": True,
            "age": "middle",
            "clothes": "shirt",
            "palette": 1,
            "tilt": 2,
            "smile": 0.4,
        },
    ),
    Creator(
        name="Inés Carrasco",
        headline="Poems between Spanish, Catalan and English",
        bio=(
            "I translate other people's poems in the mornings and distrust my own in the afternoons. "
            "Bring me a line that will not cross over, a letter you owe someone, or a stanza that limps. "
            "I would sooner argue about one comma than praise a whole page."
        ),
        city="Valencia",
        country="ES",
        latitude=39.5,
        longitude=-0.4,
        languages=("es", "ca", "en"),
        topics=("translation", "poetry", "Spanish", "editing"),
        price_credits=80,
        reply_hours=48,
        theme="books",
        birth_year=1989,
        look={
            "skin": 2,
            "hair": "wavy",
            "hair_colour": 1,
            "beard": "none",
            "glasses": False,
            "age": "young",
            "clothes": "turtleneck",
            "palette": 2,
            "tilt": 4,
            "smile": 0.5,
        },
    ),
    Creator(
        name="Tomasz Wilk",
        headline="Mountain running with knees that last",
        bio=(
            "Physiotherapist on weekdays, Tatra ridges at the weekend, 31 ultras finished and four "
            "abandoned for good reasons. I talk about load, descents, shoes and patience. What I write "
            "is general information; for pain that worries you, let somebody examine you in person."
        ),
        city="Kraków",
        country="PL",
        latitude=50.1,
        longitude=19.9,
        languages=("pl", "en"),
        topics=("trail running", "training load", "descents", "recovery"),
        price_credits=400,
        reply_hours=72,
        theme="mountain",
        birth_year=1986,
        look={
            "skin": 1,
            "hair": "crop",
            "hair_colour": 2,
            "beard": "full",
            "glasses": False,
            "age": "middle",
            "clothes": "hoodie",
            "palette": 3,
            "tilt": -2,
            "smile": 0.5,
        },
    ),
    Creator(
        name="Amal Haddad",
        headline="The Aleppo kitchen, cooked in Lyon",
        bio=(
            "My grandmother measured in coffee cups and opinions; I have spent ten years turning both "
            "into grams. Ask me about kibbeh, sour cherries, red pepper paste, or how to feed fourteen "
            "people from two rings. I will want to know what your market really sells."
        ),
        city="Lyon",
        country="FR",
        latitude=45.8,
        longitude=4.8,
        languages=("ar", "fr", "en"),
        topics=("Aleppo cooking", "spices", "preserving", "feeding a crowd"),
        price_credits=150,
        reply_hours=48,
        theme="kitchen",
        birth_year=1975,
        look={
            "skin": 3,
            "hair": "headscarf",
            "hair_colour": 1,
            "beard": "none",
            "glasses": False,
            "age": "middle",
            "clothes": "apron",
            "palette": 4,
            "tilt": 3,
            "smile": 0.8,
        },
    ),
    Creator(
        name="June Okafor",
        headline="Scores for films that need quiet",
        bio=(
            "Eleven features, a drawer of documentaries, one rejected theme I still hum. I help with "
            "spotting, temp-track addiction and finding the four notes a scene can carry. Describe what "
            "the viewer knows at that moment before you describe the music."
        ),
        city="London",
        country="GB",
        latitude=51.5,
        longitude=-0.1,
        languages=("en",),
        topics=("film music", "spotting", "orchestration", "working with directors"),
        price_credits=600,
        reply_hours=96,
        theme="studio",
        birth_year=1973,
        look={
            "skin": 6,
            "hair": "afro",
            "hair_colour": 0,
            "beard": "none",
            "glasses": True,
            "age": "middle",
            "clothes": "blazer",
            "palette": 5,
            "tilt": -4,
            "smile": 0.3,
        },
    ),
    Creator(
        name="कबीर मिश्रा",
        headline="Mumbai street food, stall by stall",
        bio=(
            "पंद्रह साल से मुंबई की गलियों में खाता, पूछता और लिखता हूँ। वड़ा पाव में चटनी पहले देखता "
            "हूँ, पाव बाद में। बताइए कि आप किस स्टेशन पर हैं, कितनी भूख है और कितनी मिर्च सह सकते हैं; "
            "बाकी मैं बता दूँगा कि कहाँ खड़े होना है।"
        ),
        city="Mumbai",
        country="IN",
        latitude=19.1,
        longitude=72.9,
        languages=("hi", "mr", "en"),
        topics=("street food", "Mumbai", "food writing", "chutneys"),
        price_credits=60,
        reply_hours=24,
        theme="city",
        birth_year=1981,
        look={
            "skin": 4,
            "hair": "wavy",
            "hair_colour": 0,
            "beard": "moustache",
            "glasses": False,
            "age": "middle",
            "clothes": "shirt",
            "palette": 6,
            "tilt": 5,
            "smile": 0.9,
        },
    ),
    Creator(
        name="Ananya Iyer",
        headline="Charts that survive a hard question",
        bio=(
            "I design charts for newsrooms and for one very stubborn water utility. Tell me who will "
            "read it, what they will decide and how long they will look; I will tell you which half of "
            "the chart to delete. Colour comes last, and never as a rainbow."
        ),
        city="Bengaluru",
        country="IN",
        latitude=13.0,
        longitude=77.6,
        languages=("en", "ta", "hi"),
        topics=("data visualisation", "charts", "colour", "maps"),
        price_credits=500,
        reply_hours=48,
        theme="code",
        birth_year=1991,
        look={
            "skin": 5,
            "hair": "bob",
            "hair_colour": 0,
            "beard": "none",
            "glasses": True,
            "age": "young",
            "clothes": "crew",
            "palette": 7,
            "tilt": -1,
            "smile": 0.5,
        },
    ),
    Creator(
        name="ياسمين شوقي",
        headline="Variable stars and the sky over Cairo",
        bio=(
            "أرصد النجوم المتغيرة من جبل القطامية، وأعود إلى القاهرة حيث لا يرى الناس إلا عشرين نجمة. "
            "اسألوني عن أول تلسكوب، أو عن صورة لم تنجح، أو عن نقطة مضيئة حيّرتكم فوق السطح. أجيب ببطء "
            "لأنني أسهر كثيرًا، لكنني أجيب."
        ),
        city="Cairo",
        country="EG",
        latitude=30.0,
        longitude=31.2,
        languages=("ar", "en"),
        topics=("astronomy", "telescopes", "variable stars", "night sky"),
        price_credits=200,
        reply_hours=96,
        theme="mountain",
        birth_year=1982,
        look={
            "skin": 3,
            "hair": "long",
            "hair_colour": 1,
            "beard": "none",
            "glasses": True,
            "age": "middle",
            "clothes": "turtleneck",
            "palette": 1,
            "tilt": 1,
            "smile": 0.4,
        },
    ),
    Creator(
        name="Jonas Brandt",
        headline="Voices and rooms, recorded plainly",
        bio=(
            "I record radio plays in Wedding and repair podcasts made under duvets. Nine problems in ten "
            "are the distance to the microphone, and the tenth is the fridge. Describe the room to me: "
            "floor, ceiling, windows, what you hear when you stop talking."
        ),
        city="Berlin",
        country="DE",
        latitude=52.5,
        longitude=13.4,
        languages=("de", "en"),
        topics=("sound engineering", "podcasts", "microphones", "mixing"),
        price_credits=350,
        reply_hours=72,
        theme="studio",
        birth_year=1979,
        look={
            "skin": 0,
            "hair": "bald",
            "hair_colour": 2,
            "beard": "full",
            "glasses": True,
            "age": "middle",
            "clothes": "hoodie",
            "palette": 0,
            "tilt": -5,
            "smile": 0.3,
        },
    ),
    Creator(
        name="Adaeze Nwosu",
        headline="Jokes, built and rebuilt in Lagos",
        bio=(
            "I did four years of hospital accounts before my first open mic, so I count laughs per "
            "minute and I keep receipts. Paste your five minutes as you truly say it. I mark where the "
            "room drifts off, and I am kind about everything except the word 'basically'."
        ),
        city="Lagos",
        country="NG",
        latitude=6.5,
        longitude=3.4,
        languages=("en", "ig"),
        topics=("stand-up", "joke writing", "stage nerves", "open mics"),
        price_credits=700,
        reply_hours=72,
        theme="stage",
        birth_year=1990,
        look={
            "skin": 7,
            "hair": "braids",
            "hair_colour": 0,
            "beard": "none",
            "glasses": False,
            "age": "young",
            "clothes": "blazer",
            "palette": 4,
            "tilt": 6,
            "smile": 1.0,
        },
    ),
    Creator(
        name="Rafael Monteiro",
        headline="Nylon-string guitars and honest repairs",
        bio=(
            "Bench in Pinheiros since 1994: guitars, cavaquinhos, the occasional viola caipira with a "
            "story. I answer questions about action, fretwork, humidity and whether a repair is worth "
            "the money. Often the answer is a shim and a new set of strings."
        ),
        city="São Paulo",
        country="BR",
        latitude=-23.6,
        longitude=-46.6,
        languages=("pt-BR", "es", "en"),
        topics=("lutherie", "guitar set-up", "tonewoods", "repairs"),
        price_credits=220,
        reply_hours=96,
        theme="studio",
        birth_year=1966,
        look={
            "skin": 4,
            "hair": "curly",
            "hair_colour": 5,
            "beard": "short",
            "glasses": True,
            "age": "older",
            "clothes": "apron",
            "palette": 2,
            "tilt": -2,
            "smile": 0.6,
        },
    ),
    Creator(
        name="한지우",
        headline="Small games, finished and released",
        bio=(
            "Three released games, two of them solo, all of them smaller than planned. I like talking "
            "about scope, jump feel, save systems and the week before a demo when everything catches "
            "fire. Show me the loop in one paragraph and I will ask what happens at minute eleven."
        ),
        city="Seoul",
        country="KR",
        latitude=37.6,
        longitude=127.0,
        languages=("ko", "en"),
        topics=("game development", "game feel", "scope", "pixel art"),
        price_credits=450,
        reply_hours=48,
        theme="code",
        birth_year=1994,
        look={
            "skin": 1,
            "hair": "short",
            "hair_colour": 0,
            "beard": "none",
            "glasses": False,
            "age": "young",
            "clothes": "hoodie",
            "palette": 5,
            "tilt": 3,
            "smile": 0.4,
        },
    ),
    Creator(
        name="Gurpreet Singh Dhillon",
        headline="Canadian immigration paperwork, explained",
        bio=(
            "Licensed paralegal; I have read more cover letters than novels. I explain in plain words "
            "what a form asks, where its official checklist is and what order things happen in. General "
            "information only: I do not take cases here, and I will tell you when you need somebody who "
            "can."
        ),
        city="Toronto",
        country="CA",
        latitude=43.7,
        longitude=-79.4,
        languages=("en", "pa", "hi"),
        topics=("immigration forms", "Canada", "checklists", "newcomers"),
        price_credits=180,
        reply_hours=48,
        theme="city",
        birth_year=1977,
        look={
            "skin": 4,
            "hair": "turban",
            "hair_colour": 0,
            "beard": "full",
            "glasses": True,
            "age": "middle",
            "clothes": "shirt",
            "palette": 3,
            "tilt": 0,
            "smile": 0.6,
        },
    ),
    Creator(
        name="Lucía Ortega Ruiz",
        headline="Conchas, hojaldre and patient butter",
        bio=(
            "Horneo desde las cuatro de la mañana en la Narvarte, y a las diez ya no quedan conchas. "
            "Cuéntame qué horno tienes, qué harina y a qué altura vives: en esta ciudad el agua hierve "
            "antes y la masa lo sabe. Contesto con gramos, no con «al gusto»."
        ),
        city="Mexico City",
        country="MX",
        latitude=19.4,
        longitude=-99.1,
        languages=("es", "en"),
        topics=("pastry", "pan dulce", "laminated dough", "altitude baking"),
        price_credits=110,
        reply_hours=24,
        theme="kitchen",
        birth_year=1987,
        look={
            "skin": 3,
            "hair": "bun",
            "hair_colour": 0,
            "beard": "none",
            "glasses": False,
            "age": "middle",
            "clothes": "apron",
            "palette": 6,
            "tilt": -6,
            "smile": 0.8,
        },
    ),
    Creator(
        name="Wanjiru Kamau",
        headline="Wildlife, patience and the edit",
        bio=(
            "Twenty-two years of dawns in Laikipia and Amboseli, mostly looking at grass. For one "
            "message I will read a sequence of up to ten pictures and tell you which one is the "
            "photograph, and why. I am in the field for days, so give me the whole week."
        ),
        city="Nairobi",
        country="KE",
        latitude=-1.3,
        longitude=36.8,
        languages=("sw", "en"),
        topics=("wildlife photography", "picture editing", "fieldcraft", "ethics"),
        price_credits=2500,
        reply_hours=168,
        theme="mountain",
        birth_year=1972,
        look={
            "skin": 6,
            "hair": "crop",
            "hair_colour": 5,
            "beard": "none",
            "glasses": False,
            "age": "middle",
            "clothes": "shirt",
            "palette": 7,
            "tilt": 2,
            "smile": 0.5,
        },
    ),
    Creator(
        name="Harold Pym",
        headline="Cryptic clues, mended free of charge",
        bio=(
            "I set puzzles for thirty-four years under three names, one of which my wife has never "
            "guessed. Now I help new setters for nothing, because somebody once did the same for me. "
            "Send one clue, its answer and your reasoning; I am strict on grammar and lenient on puns."
        ),
        city="Edinburgh",
        country="GB",
        latitude=56.0,
        longitude=-3.2,
        languages=("en",),
        topics=("crosswords", "cryptic clues", "wordplay", "setting"),
        price_credits=0,
        reply_hours=168,
        theme="books",
        birth_year=1955,
        look={
            "skin": 0,
            "hair": "short",
            "hair_colour": 6,
            "beard": "moustache",
            "glasses": True,
            "age": "older",
            "clothes": "blazer",
            "palette": 2,
            "tilt": 4,
            "smile": 0.6,
        },
    ),
    Creator(
        name="Ragnhild Dahl",
        headline="Yokes, steeks and cold-weather wool",
        bio=(
            "I design sweaters for people who wear them on boats. Ask me about yoke depth, gauge that "
            "lies, and how to cut your knitting with scissors and sleep well afterwards. I knit a swatch "
            "for nearly every question, so give me a day or two."
        ),
        city="Tromsø",
        country="NO",
        latitude=69.6,
        longitude=19.0,
        languages=("nb", "en"),
        topics=("knitting design", "colourwork", "steeking", "wool"),
        price_credits=90,
        reply_hours=72,
        theme="yarn",
        birth_year=1969,
        look={
            "skin": 0,
            "hair": "bob",
            "hair_colour": 6,
            "beard": "none",
            "glasses": True,
            "age": "middle",
            "clothes": "turtleneck",
            "palette": 5,
            "tilt": -3,
            "smile": 0.7,
        },
    ),
    Creator(
        name="Camille Duret",
        headline="Ballet for grown-ups who start late",
        bio=(
            "I danced in the corps for twelve seasons and now teach adults, who ask much better "
            "questions. Write to me about turnout that is really yours, arms that look like arms, and "
            "pirouettes that travel. My oldest beginner is 71 and has the cleanest tendu in the room."
        ),
        city="Brussels",
        country="BE",
        latitude=50.9,
        longitude=4.4,
        languages=("fr", "nl", "en"),
        topics=("ballet", "adult beginners", "technique", "musicality"),
        price_credits=260,
        reply_hours=48,
        theme="stage",
        birth_year=1983,
        look={
            "skin": 2,
            "hair": "bun",
            "hair_colour": 3,
            "beard": "none",
            "glasses": False,
            "age": "middle",
            "clothes": "crew",
            "palette": 0,
            "tilt": 5,
            "smile": 0.5,
        },
    ),
    Creator(
        name="Andrej Kovačič",
        headline="Carniolan bees on a city hillside",
        bio=(
            "Fourth-generation beekeeper with 40 painted hives above Ljubljana; my great-grandfather's "
            "are still in use. Tell me your forage, the weather of your last two weeks and what you saw "
            "at the entrance. The bees have usually announced the problem before you opened the lid."
        ),
        city="Ljubljana",
        country="SI",
        latitude=46.1,
        longitude=14.5,
        languages=("sl", "de", "en"),
        topics=("beekeeping", "swarming", "honey", "forage"),
        price_credits=70,
        reply_hours=96,
        theme="garden",
        birth_year=1961,
        look={
            "skin": 1,
            "hair": "crop",
            "hair_colour": 6,
            "beard": "short",
            "glasses": False,
            "age": "older",
            "clothes": "crew",
            "palette": 3,
            "tilt": -4,
            "smile": 0.7,
        },
    ),
    Creator(
        name="Aroha Tamihana",
        headline="Chairs and tables from harbour timber",
        bio=(
            "I build furniture from storm-felled macrocarpa and old wharf beams in a shed with a view of "
            "the ferry. I am glad to talk joints, wood movement and finishing without fumes. Draw it "
            "badly, photograph the drawing in words, and say where the sun falls in the room."
        ),
        city="Wellington",
        country="NZ",
        latitude=-41.3,
        longitude=174.8,
        languages=("en", "mi"),
        topics=("furniture making", "joinery", "finishes", "hand tools"),
        price_credits=320,
        reply_hours=96,
        theme="sea",
        birth_year=1985,
        look={
            "skin": 4,
            "hair": "curly",
            "hair_colour": 1,
            "beard": "none",
            "glasses": False,
            "age": "middle",
            "clothes": "hoodie",
            "palette": 1,
            "tilt": 3,
            "smile": 0.6,
        },
    ),
    Creator(
        name="Siobhán Keane",
        headline="Speaking aloud without losing your voice",
        bio=(
            "I coach actors, barristers and one auctioneer who can sell a wardrobe in a whisper. We work "
            "on breath, pace and the ends of sentences, where meaning usually falls off. Send me the "
            "exact text you must speak, and the size of the room."
        ),
        city="Dublin",
        country="IE",
        latitude=53.3,
        longitude=-6.3,
        languages=("en", "ga"),
        topics=("voice", "public speaking", "accents", "breath"),
        price_credits=1200,
        reply_hours=48,
        theme="stage",
        birth_year=1964,
        look={
            "skin": 0,
            "hair": "wavy",
            "hair_colour": 3,
            "beard": "none",
            "glasses": False,
            "age": "older",
            "clothes": "blazer",
            "palette": 4,
            "tilt": -1,
            "smile": 0.7,
        },
    ),
    Creator(
        name="Nilufar Karimova",
        headline="Steppe plants, bulbs and pressed leaves",
        bio=(
            "I walk the western Tian Shan counting wild tulips, and in winter I quarrel with herbarium "
            "labels from 1911. Ask me what is growing on your wall, how to press a plant properly, or "
            "why your bulbs sulk. A leaf, a place and a month are enough to begin with."
        ),
        city="Tashkent",
        country="UZ",
        latitude=41.3,
        longitude=69.2,
        languages=("uz", "ru", "en"),
        topics=("botany", "bulbs", "herbarium", "plant identification"),
        price_credits=140,
        reply_hours=168,
        theme="garden",
        birth_year=1992,
        look={
            "skin": 2,
            "hair": "long",
            "hair_colour": 0,
            "beard": "none",
            "glasses": True,
            "age": "young",
            "clothes": "shirt",
            "palette": 6,
            "tilt": 1,
            "smile": 0.6,
        },
    ),
    Creator(
        name="Daniël Achterberg",
        headline="Dutch Sign Language, on and off the job",
        bio=(
            "Child of deaf parents, interpreter for nineteen years: courts, delivery rooms, two "
            "heavy-metal concerts. I answer learners who are stuck on space and facial grammar, and "
            "organisers who want to book interpreters properly. Put the lights where the hands are; that "
            "is half of it."
        ),
        city="Utrecht",
        country="NL",
        latitude=52.1,
        longitude=5.1,
        languages=("dse", "nl", "en"),
        topics=("sign language", "interpreting", "accessible events", "deaf culture"),
        price_credits=160,
        reply_hours=24,
        theme="city",
        birth_year=1980,
        look={
            "skin": 1,
            "hair": "short",
            "hair_colour": 4,
            "beard": "short",
            "glasses": False,
            "age": "middle",
            "clothes": "crew",
            "palette": 7,
            "tilt": -2,
            "smile": 0.8,
        },
    ),
)

FANS: tuple[Fan, ...] = (
    Fan(name="Robin Fan", birth_year=1988),
    Fan(name="Sofia Bergqvist", birth_year=1985),
    Fan(name="Marcus Feld", birth_year=1971),
    Fan(name="Leila Mansour", birth_year=1993),
    Fan(name="Arjun Mehta", birth_year=1996),
    Fan(name="Carmen Vidal", birth_year=1979),
    Fan(name="Oliver Tang", birth_year=1990),
    Fan(name="Nkechi Bello", birth_year=1994),
    Fan(name="Beatriz Lopes", birth_year=1982),
    Fan(name="Ewan McAllister", birth_year=1963),
    Fan(name="박소연", birth_year=1997),
    Fan(name="Pooja Nair", birth_year=1987),
    Fan(name="Hugo Lemaire", birth_year=1976),
    Fan(name="Grace Mwangi", birth_year=1991),
    Fan(name="كريم عزيز", birth_year=1984),
    Fan(name="Edith Sommer", birth_year=1958),
)
