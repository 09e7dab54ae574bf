"""What the demo's people wrote to each other. `fan` and `creator` are positions in `cast.FANS` and `cast.CREATORS`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One message, `after_h` hours after the line before it (0 for the first)."""

    by: Literal["fan", "creator"]
    text: str
    after_h: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Talk:
    """A conversation that starts `days_ago` days before now."""

    fan: int
    creator: int
    days_ago: float
    lines: tuple[Line, ...]
    ending: Literal["answered", "refunded", "waiting"]


TALKS: tuple[Talk, ...] = (
    Talk(
        fan=0,
        creator=0,
        days_ago=36.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Hello Mara, my first real glaze is a satin white at cone 6, and every mug crazed within a "
                    "week. I can hear them pinging on the shelf. Is this the recipe or did I fire it badly?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Hello Robin! Pinging is useful, it tells you the glaze shrinks more than the clay beneath "
                    "it. That is nearly always recipe before firing. What feldspar, how much silica, and which "
                    "clay body are you using?"
                ),
                after_h=21.0,
            ),
            Line(
                by="fan",
                text=(
                    "Nepheline syenite 42, silica 14, whiting 16, kaolin 10, zinc 8, frit 10. The clay is a "
                    "smooth white stoneware from the shop in town; the bag only says 1200 to 1240 degrees."
                ),
                after_h=5.0,
            ),
            Line(
                by="creator",
                text=(
                    "There it is. Nepheline brings a great deal of sodium, and sodium stretches with heat like "
                    "nothing else. With only 14 silica it has no chance. Make a line blend: add silica in steps "
                    "of 3, four cups, same clay, same shelf."
                ),
                after_h=26.0,
            ),
            Line(
                by="fan",
                text=(
                    "Four test tiles done, 3, 6, 9 and 12 extra silica. The 9 has stopped pinging after two "
                    "days. The 12 looks a little dry and sugary at the edge. I labelled them properly, you would "
                    "be proud."
                ),
                after_h=74.0,
            ),
            Line(
                by="creator",
                text=(
                    "I am proud of the labels. Now be cruel to the 9: ten minutes in the freezer, then boiling "
                    "water, three times over. Rub ink on it afterwards. If it survives without lines, you may "
                    "start to believe it."
                ),
                after_h=30.0,
            ),
            Line(
                by="fan",
                text=(
                    "It survived twice and then one fine line appeared on the third round, near the rim, where "
                    "the glaze is thickest. Do I go to 10, or is the thickness the real villain here?"
                ),
                after_h=22.0,
            ),
            Line(
                by="creator",
                text=(
                    "Both, and you noticed it yourself. Go to 10, and weigh your water: aim for 1.45 specific "
                    "gravity, dip for three seconds and count aloud. I sing one line of an old hymn, which takes "
                    "exactly three."
                ),
                after_h=19.0,
            ),
            Line(
                by="fan",
                text=(
                    "No lines at all with 10 and a three-second dip. I have six whole mugs. My partner drank "
                    "coffee from one this morning and did not understand why I was staring at it."
                ),
                after_h=96.0,
            ),
            Line(
                by="creator",
                text=(
                    "Nobody understands the staring, and it never stops. Congratulations on the six! One more "
                    "thing before you sell any: leave a slice of lemon on the glaze overnight. If the satin "
                    "turns dull there, it is not ready for food."
                ),
                after_h=40.0,
            ),
            Line(
                by="fan",
                text=(
                    "The lemon left a faint matt half-moon, visible only at an angle. I am a bit crushed. Is the "
                    "zinc to blame, or am I simply not firing hot enough for this clay?"
                ),
                after_h=50.0,
            ),
            Line(
                by="creator",
                text=(
                    "Do not be crushed, you found it on a tile and not at a customer's table. I suspect "
                    "underfiring. Put a witness cone beside the mugs, and hold fifteen minutes at the top. Small "
                    "kilns read warm and fire cold."
                ),
                after_h=28.0,
            ),
            Line(
                by="fan",
                text=(
                    "I have never used a witness cone in my own kiln. I believed the little display. I feel as I "
                    "did when I learned the fuel gauge in my first car was decorative."
                ),
                after_h=1.0,
            ),
            Line(
                by="creator",
                text=(
                    "Every potter has that day; mine came after eleven wasted bowls and one cross telephone call "
                    "to the kiln maker. Set the cone where you can see it, second shelf, away from the door. "
                    "Then trust the cone."
                ),
                after_h=23.0,
            ),
            Line(
                by="fan",
                text=(
                    "Cone 6 stood up almost straight, so the display was lying by a good ten degrees. With the "
                    "hold it bent to five o'clock, and the lemon left nothing at all. Nothing, Mara!"
                ),
                after_h=118.0,
            ),
            Line(
                by="creator",
                text=(
                    "That is a glaze, Robin. Write the date, the cone and the hold on the recipe card in pencil, "
                    "because pens fade in a workshop. And keep the crazed mugs for brushes; every studio needs a "
                    "shelf of honest failures."
                ),
                after_h=33.0,
            ),
            Line(
                by="fan",
                text=(
                    "The shelf exists now and has a little sign. Next I want to try your iron spot over the "
                    "satin, but I shall come with test tiles and numbers this time. Thank you for your patience."
                ),
                after_h=27.0,
            ),
            Line(
                by="creator",
                text=(
                    "Numbers are all I ask. Start with three percent red iron oxide brushed thinly under the "
                    "glaze, not over it, and one tile without. Tell me what it did in the thick places; that is "
                    "where iron talks."
                ),
                after_h=44.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=0,
        creator=1,
        days_ago=29.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "I am around 1500 in rapid and I lose rook endings I should draw. Last night I had rook "
                    "against rook and pawn, my king in front of the pawn, and still lost. What should I learn "
                    "first?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Learn one position well: Philidor. Your rook waits on the third rank, as seen from your "
                    "side, until the pawn steps onto it. Then the rook runs to the far end and gives checks from "
                    "behind. Where was your rook?"
                ),
                after_h=17.0,
            ),
            Line(
                by="fan",
                text=(
                    "On the back rank, hugging my king, because it felt safe. When the pawn came forward I had "
                    "no checks left and his king simply walked round. I see it now and I am annoyed."
                ),
                after_h=9.0,
            ),
            Line(
                by="creator",
                text=(
                    "Annoyed is good, it remembers. For five days, set it up against the engine, defend ten "
                    "times, then swap sides. Do not move on until it bores you. After that we do Lucena, and the "
                    "two together decide half of club games."
                ),
                after_h=30.0,
            ),
            Line(
                by="fan",
                text=(
                    "Fifty defences done and it truly bores me. Today I held one in a league match, with two "
                    "minutes left, and my opponent offered the draw with a sigh. Best sigh of my year."
                ),
                after_h=120.0,
            ),
            Line(
                by="creator",
                text=(
                    "A sigh is worth more than rating points. Now play Lucena from the winning side: build the "
                    "bridge with the rook on the fourth rank. Send me one game next week, with your thoughts "
                    "written before any engine sees it."
                ),
                after_h=14.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=0,
        creator=2,
        days_ago=24.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Hola, Inés. I am reading a short poem at my mother's seventieth birthday and I want one "
                    "stanza in Spanish, her first language. English keeps giving me 'I miss you' and nothing "
                    "sounds right across the table."
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Hola, Robin. «Te echo de menos» is for someone absent, and she will be sitting there. Try "
                    "«me haces falta»: you are lacking to me, I need you here. What does she do with her hands "
                    "while she talks?"
                ),
                after_h=15.0,
            ),
            Line(
                by="fan",
                text=(
                    "She folds paper napkins into smaller and smaller squares and then opens them again, flat, "
                    "as if nothing had happened. Nobody in the family has ever mentioned it to her."
                ),
                after_h=6.0,
            ),
            Line(
                by="creator",
                text=(
                    "Then that is the stanza, and you hardly need me. «Doblas la servilleta, la abres, / y en "
                    "cada pliegue cabe un año. / Me haces falta aunque estés aquí.» Read it slowly, and pause "
                    "after «pliegue»."
                ),
                after_h=28.0,
            ),
            Line(
                by="fan",
                text=(
                    "Lo leí anoche. She folded the napkin very carefully, put it in her bag and said nothing for "
                    "a minute. Then she asked who had helped me with the accents. Gracias de verdad, Inés."
                ),
                after_h=60.0,
            ),
            Line(
                by="creator",
                text=(
                    "Qué alegría. Que guarde la servilleta es la mejor crítica que me han hecho este año. Dile "
                    "que los acentos eran míos, pero el pliegue era tuyo, y que cumpla muchos más."
                ),
                after_h=20.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=0,
        creator=4,
        days_ago=20.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Dear Amal, I tried muhammara from a book and it came out sweet and flat, like jam with "
                    "walnuts in it. I used bell peppers, breadcrumbs and pomegranate molasses. Where did Aleppo "
                    "go?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Aleppo went missing in three places. Did you roast the peppers until black and let them "
                    "drain for an hour? Which pepper flakes did you use? And taste your molasses alone: if it is "
                    "sweet first, it is mostly sugar."
                ),
                after_h=12.0,
            ),
            Line(
                by="fan",
                text=(
                    "I roasted them but never drained them, the flakes were ordinary chilli, and the molasses "
                    "has glucose syrup as its first ingredient. Three out of three, I believe."
                ),
                after_h=4.0,
            ),
            Line(
                by="creator",
                text=(
                    "Perfect score! Drain overnight, use mild oily Aleppo flakes, and look for molasses made of "
                    "only pomegranates. Walnuts chopped by hand, half fine, half rough. Cumin, a little salt, "
                    "and let it sleep a night before you judge it."
                ),
                after_h=22.0,
            ),
            Line(
                by="fan",
                text=(
                    "It slept, I judged, and then I ate most of it standing at the fridge. It is sour and smoky "
                    "now, and the walnuts have a bite. My neighbour asked for the rest."
                ),
                after_h=70.0,
            ),
            Line(
                by="creator",
                text=(
                    "Standing at the fridge is the correct way to eat it. Give the neighbour a small bowl so "
                    "that she returns it full of something; that is how my street worked. Next time we make the "
                    "kibbeh."
                ),
                after_h=16.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=0,
        creator=5,
        days_ago=21.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Hello June, my student short has a scene where a woman reads a letter we never see. I fell "
                    "in love with a temp track with strings. How would you wean a director off it, when the "
                    "director is me?"
                ),
                after_h=0.0,
            ),
        ),
        ending="refunded",
    ),
    Talk(
        fan=0,
        creator=10,
        days_ago=16.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Adaeze, I have four minutes about inheriting my uncle's parrot, which knows all his "
                    "passwords. The first minute works, then the room goes politely quiet. May I paste the "
                    "middle section to you?"
                ),
                after_h=0.0,
            ),
            Line(
                by="fan",
                text=(
                    "I cut it down already: the parrot says the bank code at the funeral, pause, and then I "
                    "explain how codes work. I suspect the explaining is the problem, but I cannot hear it."
                ),
                after_h=5.0,
            ),
        ),
        ending="refunded",
    ),
    Talk(
        fan=0,
        creator=16,
        days_ago=31.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Dear Mr Pym, I would like to write a clue for my own name. Mine goes: 'To thieve whilst "
                    "being at home makes a bird (5)'. It is ROB plus IN. Is it fair?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Fair, and overdressed. The bones are excellent: rob, in, bird. Now remove every word that "
                    "is not working for its supper. 'To', 'whilst', 'being' and 'makes' are all standing about "
                    "with their hands in their pockets."
                ),
                after_h=47.0,
            ),
            Line(
                by="fan",
                text=(
                    "Then: 'Steal at home, a bird (5)'. It is shorter, but the surface says nothing. I keep "
                    "picturing a burglar with a parrot, which may be a clue for another day."
                ),
                after_h=20.0,
            ),
            Line(
                by="creator",
                text=(
                    "Nearly there. Strike 'at', since 'home' alone gives IN. Ask yourself what sentence a person "
                    "might really utter, kindly, on an autumn evening. The article before the bird could become "
                    "an adjective."
                ),
                after_h=60.0,
            ),
            Line(
                by="fan",
                text=(
                    "'Steal home, little bird (5)'. Oh. It reads like the end of a children's book. Did you have "
                    "that in mind the whole time, and let me walk to it?"
                ),
                after_h=18.0,
            ),
            Line(
                by="creator",
                text=(
                    "I had it in mind after your first letter, and it would have been theft to hand it over. It "
                    "is sound, economical and it has a tune. You may sign that one with pride. What comes next?"
                ),
                after_h=52.0,
            ),
            Line(
                by="fan",
                text=(
                    "An anagram, I think. I noticed that SILENT and LISTEN share their letters, though surely "
                    "half the world has. Is it a crime to use an old one if the surface is new?"
                ),
                after_h=40.0,
            ),
            Line(
                by="creator",
                text=(
                    "No crime, merely a debt; pay it with a good surface. Choose an indicator that tells a small "
                    "story: a silent thing that is moved, troubled or rearranged. Send me three attempts and "
                    "throw away the first yourself."
                ),
                after_h=71.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=0,
        creator=3,
        days_ago=27.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Tomasz, I signed up for 28 kilometres with 1,400 metres of climb in ten weeks. I live in a "
                    "flat town. Uphill I survive, but after descents my thighs are finished for days. Where do I "
                    "begin?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "With the descents, since your thighs told you so. Downhill running brakes with long "
                    "muscles, and they adapt quickly if you feed them small doses. Find any slope, even a car "
                    "park ramp: six easy descents, once a week, no racing."
                ),
                after_h=40.0,
            ),
            Line(
                by="fan",
                text=(
                    "Two weeks of the car park ramp. The guard thinks I have lost something. I was sore after "
                    "the first session and almost not at all after the second. Do I add more?"
                ),
                after_h=110.0,
            ),
            Line(
                by="creator",
                text=(
                    "That is the repeated-bout effect, free of charge. Go to eight, then ten, then find a real "
                    "hill by week five. Short steps, eyes ten metres ahead. If anything is sharp instead of "
                    "sore, stop and have it looked at."
                ),
                after_h=36.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=0,
        creator=9,
        days_ago=13.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Jonas, I record interviews in my kitchen and everyone sounds as if they sat in a bucket. I "
                    "bought foam tiles for one wall and nothing changed. Tiled floor, one window, fridge two "
                    "metres away."
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "The foam only eats the hiss, the bucket stays. Move to the bedroom, sit with your back to "
                    "the wardrobe, open its doors, microphone one hand from the mouth. And switch the fridge "
                    "off; put your car keys inside, so you remember."
                ),
                after_h=31.0,
            ),
            Line(
                by="fan",
                text=(
                    "The bedroom made more difference than everything I have bought this year. Keys in the "
                    "fridge also worked, although I explained it badly to my guest. How loud should I deliver "
                    "the voices?"
                ),
                after_h=45.0,
            ),
            Line(
                by="creator",
                text=(
                    "Minus sixteen LUFS for stereo podcasts, peaks under minus one, and compress gently, three "
                    "to one. Match the two voices by ear first, with eyes shut. If you stop noticing who is "
                    "louder, you are finished."
                ),
                after_h=24.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=0,
        creator=7,
        days_ago=10.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Ananya, our allotment club voted on water use, and I made a pie chart with eleven slices. "
                    "People looked at it kindly and asked me what it said. It is for a noticeboard, read while "
                    "standing."
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Standing readers give you six seconds, so: one sorted bar chart, eleven bars, grey, with "
                    "two in blue, the ones you want discussed. Labels on the bars, no legend, and make the title "
                    "a sentence with a verb in it."
                ),
                after_h=26.0,
            ),
            Line(
                by="fan",
                text=(
                    "New title: 'Two of eleven plots use half our water'. Someone read it aloud at the tap, and "
                    "now there is a rota for the leaky hose. I deleted the pie without a ceremony."
                ),
                after_h=30.0,
            ),
            Line(
                by="creator",
                text=(
                    "A chart that mends a hose has done more than most of mine. Add the month and where the "
                    "numbers come from, small, at the foot. Someone will doubt it in autumn, and you will be "
                    "glad."
                ),
                after_h=19.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=0,
        creator=12,
        days_ago=1.2,
        lines=(
            Line(
                by="fan",
                text=(
                    "Jiwoo, my little game is about a lighthouse keeper who must ration oil. The loop is fun for "
                    "six minutes and then players stop deciding and just wait. You ask about minute eleven: mine "
                    "is empty. What would you look at first?"
                ),
                after_h=0.0,
            ),
            Line(
                by="fan",
                text=(
                    "One more detail: storms are random, so good players cannot prepare for them. I wonder if a "
                    "forecast that is sometimes wrong would make the waiting part into a choice."
                ),
                after_h=3.0,
            ),
        ),
        ending="waiting",
    ),
    Talk(
        fan=0,
        creator=19,
        days_ago=9.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Andrej, second year with one hive beside a linden tree. Last week I found three queen cells "
                    "hanging at the bottom edge of a comb. Are they leaving me, or replacing her?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "At the bottom edge and more than one: they are packing their bags. Replacement cells sit "
                    "mid-comb, one or two. Is there still room to lay, and do you see eggs? Look for eggs before "
                    "you do anything else."
                ),
                after_h=33.0,
            ),
            Line(
                by="fan",
                text=(
                    "I saw eggs, so she was still there. I moved her with three frames into a spare box, as the "
                    "books say. The old hive is calm, the small one flies well. When may I look again without "
                    "disturbing the new queen?"
                ),
                after_h=118.0,
            ),
        ),
        ending="waiting",
    ),
    Talk(
        fan=1,
        creator=0,
        days_ago=25.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Hej Mara! We are three friends sharing a studio and we argue about the kiln bill. How do "
                    "you split the cost between one person's big planters and another person's forty espresso "
                    "cups?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Hej Sofia! By shelf, not by piece. Measure each shelf's height in centimetres, count who "
                    "fills it, and split the firing by that. Add ten percent to a tin for elements, because they "
                    "always die in the week before a market."
                ),
                after_h=18.0,
            ),
            Line(
                by="fan",
                text=(
                    "The shelf rule ended two months of polite sighing. The planters pay what planters should. "
                    "Our tin already holds enough for a third of an element, and somebody drew a face on it."
                ),
                after_h=26.0,
            ),
            Line(
                by="creator",
                text=(
                    "A tin with a face gets fed more often, well done. Write the rule on paper and hang it by "
                    "the door, for the fourth friend who will join you. There is always a fourth friend."
                ),
                after_h=30.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=2,
        creator=0,
        days_ago=2.6,
        lines=(
            Line(
                by="fan",
                text=(
                    "Dear Mara, my plates warp into gentle saddles, always the same way, along the length of the "
                    "kiln shelf. Thirty centimetres, thrown on bats, dried slowly under plastic. Could it be the "
                    "way I lift them off?"
                ),
                after_h=0.0,
            ),
        ),
        ending="waiting",
    ),
    Talk(
        fan=3,
        creator=0,
        days_ago=0.5,
        lines=(
            Line(
                by="fan",
                text=(
                    "Hello Mara, I teach an evening class with one small kiln and twelve beginners. Which single "
                    "forgiving glaze would you mix for them, one which survives being brushed on much too "
                    "thickly?"
                ),
                after_h=0.0,
            ),
            Line(
                by="fan",
                text=(
                    "I forgot to say that we fire to cone 6 on Fridays only, and that somebody will certainly "
                    "glaze the foot ring, whatever I say. So a glaze that stays where it is, please."
                ),
                after_h=2.0,
            ),
        ),
        ending="waiting",
    ),
    Talk(
        fan=4,
        creator=0,
        days_ago=12.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Hi Mara, I am planning a tiny studio in my flat in Jaipur. Before I buy a wheel, what "
                    "should I know about clay dust and cleaning in a room where I also sleep?"
                ),
                after_h=0.0,
            ),
        ),
        ending="refunded",
    ),
    Talk(
        fan=5,
        creator=0,
        days_ago=19.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Hola Mara, I inherited a box of unlabelled oxides from a potter who died last year. "
                    "Green-black powder, brown powder, a pink one. Is there a safe way to find out what I own?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "What a moving thing to inherit, Carmen. Gloves and a mask first, and no dry dusting. Mix "
                    "two percent of each into a clear glaze on a scrap tile: cobalt shouts blue, copper green, "
                    "iron honey. The unknown, keep away from food."
                ),
                after_h=29.0,
            ),
            Line(
                by="fan",
                text=(
                    "The green-black is copper, the brown is iron and the pink turned a soft grey, which nobody "
                    "expected. I made one bowl with the iron, for his widow. She put her keys in it at once."
                ),
                after_h=95.0,
            ),
            Line(
                by="creator",
                text=(
                    "Keys are the right answer; a bowl that is used in the first minute is a good bowl. The grey "
                    "might be a body stain that burned out. Label it 'grey, 2 percent, not for food' and be glad "
                    "of it."
                ),
                after_h=38.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=6,
        creator=0,
        days_ago=15.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Mara, honest question: do you ever make a living wage from mugs alone? I price mine at 28 "
                    "euros and I feel guilty at every market, and tired after every market."
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Honestly: from mugs, no; from mugs, two cafés and a Tuesday class, yes. Time yourself "
                    "through one mug, from wedging to wrapping, and write it down. Mine is 34 minutes. Then "
                    "decide whether guilt is really the right word."
                ),
                after_h=42.0,
            ),
            Line(
                by="fan",
                text=(
                    "Forty-one minutes, plus glaze and the market fee. I did the sum twice and sat down. The new "
                    "price is 36, and the first person who saw it simply said 'two, please'."
                ),
                after_h=20.0,
            ),
            Line(
                by="creator",
                text=(
                    "They always say 'two, please', and we never believe it beforehand. Keep a small shelf of "
                    "seconds at the old price, so nobody is shut out. And sit down more often, Oliver, the sums "
                    "are better there."
                ),
                after_h=27.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=7,
        creator=0,
        days_ago=8.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Good evening Mara! In Lagos my clay dries before I can attach a handle. By the time I have "
                    "scored the mug it is leather on one side and chalk on the other. Any tricks?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Good evening, Nkechi! Pull the handles first, and let them wait for the mug, not the other "
                    "way round. A plastic crate with a wet plaster slab in its lid keeps everything leather-hard "
                    "for days. Attach inside the crate if you must."
                ),
                after_h=34.0,
            ),
            Line(
                by="fan",
                text=(
                    "The crate is a miracle, and it cost me nothing. Six handles, and not one has cracked. My "
                    "sister calls it the mug hospital and asks after the patients every morning."
                ),
                after_h=40.0,
            ),
            Line(
                by="creator",
                text=(
                    "Then visiting hours are over: let them out slowly, lid ajar for one day, then open. Upside "
                    "down for the second day, so that rim and foot agree. Greet your sister, she has named it "
                    "perfectly."
                ),
                after_h=25.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=4,
        creator=6,
        days_ago=22.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "कबीर जी, शनिवार को पहली बार मुंबई आ रहा हूँ और दादर स्टेशन के पास रुकूँगा। सुबह आठ बजे "
                    "अच्छा वड़ा पाव कैसे पहचानूँ? मिर्च मैं ठीक-ठाक सह लेता हूँ।"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "अर्जुन, पहले कढ़ाही देखिए, फिर भीड़। जहाँ वड़ा तलते ही बिक जाए और सूखी लहसुन की चटनी उसी "
                    "सुबह कुटी हो, वहीं रुकिए। पाव दबाकर देखिए, उसे धीरे-धीरे वापस उठना चाहिए। साथ में तली हुई "
                    "हरी मिर्च ज़रूर लीजिए।"
                ),
                after_h=7.0,
            ),
            Line(
                by="fan",
                text=(
                    "आपकी बात सही निकली! जहाँ कढ़ाही के सामने दफ़्तर वाले लाइन में खड़े थे, वहीं खाया। चटनी ने "
                    "आँखों में पानी ला दिया, पर दूसरा भी माँग लिया। अब मीठे में क्या खाऊँ?"
                ),
                after_h=50.0,
            ),
            Line(
                by="creator",
                text=(
                    "दूसरा माँगना ही असली तारीफ़ है। मीठे में किसी पुरानी मराठी मिठाई की दुकान से खरवस या पीयूष "
                    "लीजिए, ठंडा और जायफल वाला। पेट को एक घंटा दीजिए, फिर शिवाजी पार्क का एक चक्कर लगाइए।"
                ),
                after_h=9.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=11,
        creator=6,
        days_ago=6.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Kabir ji, I review small places for a local paper and all my sentences say 'crisp' and "
                    "'tangy'. How do you describe a pani puri without reaching for the same six words every time?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Ban adjectives for one day and write only what happens: the shell breaks, the water runs to "
                    "the wrist, the vendor is already holding the next one. Verbs are hungry words, Pooja. Then "
                    "allow yourself one adjective per stall, and make it earn it."
                ),
                after_h=11.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=3,
        creator=8,
        days_ago=30.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "مساء الخير دكتورة ياسمين، أريد شراء أول تلسكوب لي وأسكن في الطابق التاسع في المعادي. السماء "
                    "عندنا برتقالية. هل يستحق الأمر، أم أوفر المال لرحلة إلى الصحراء؟"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "مساء النور يا ليلى. القمر والكواكب لا تخاف من أضواء القاهرة، فتلسكوب عاكس صغير بقطر ثلاثة "
                    "عشر سنتيمترًا يكفيك سنوات. ابدئي بالمشتري بعد المغرب، واتركي الجهاز نصف ساعة في الشرفة حتى "
                    "يبرد."
                ),
                after_h=52.0,
            ),
            Line(
                by="fan",
                text=(
                    "رأيت أقمار المشتري الأربعة في خط واحد! ناديت أمي وأخي والجارة، ووقفنا في طابور في الشرفة. "
                    "لكن الصورة ترتجف كأنها تحت الماء، فهل العيب في العدسة؟"
                ),
                after_h=130.0,
            ),
            Line(
                by="creator",
                text=(
                    "العيب في هواء البيوت الساخن، لا في عدستك. أبعدي الحامل عن جدار المطبخ، وانتظري حتى منتصف "
                    "الليل حين تبرد الأسطح. وسجّلي مواضع الأقمار كل ليلة في دفتر؛ هكذا بدأ غاليليو، ولم تكن عنده "
                    "جارة تنتظر دورها."
                ),
                after_h=60.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=14,
        creator=8,
        days_ago=2.9,
        lines=(
            Line(
                by="fan",
                text=(
                    "أستاذة ياسمين، صورت نجمًا خافتًا في الدجاجة ثلاث ليالٍ متتالية، ويبدو لي أنه يخفت ثم يعود. "
                    "كيف أتأكد أنه نجم متغير حقًا وليس خطأ في التصوير أو سحابة رقيقة؟"
                ),
                after_h=0.0,
            ),
        ),
        ending="waiting",
    ),
    Talk(
        fan=8,
        creator=11,
        days_ago=33.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Rafael, my grandfather's Di Giorgio guitar buzzes on the fifth and sixth strings since I "
                    "moved to a flat with air conditioning. I do not want anyone to sand anything yet. What "
                    "should I check?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Beatriz, nobody sands anything this month. Buy a small hygrometer first; below forty "
                    "percent the top sinks, and the strings come down with it. Put the guitar in its case with a "
                    "damp sponge in a soap box for two weeks."
                ),
                after_h=60.0,
            ),
            Line(
                by="fan",
                text=(
                    "It was thirty-one percent! After two weeks with the soap box it has risen and the buzz is "
                    "gone, save for one note, on the sixth string at the third fret."
                ),
                after_h=340.0,
            ),
            Line(
                by="creator",
                text=(
                    "Good patience. One note alone is one fret, not the guitar. Press beside the fourth fret and "
                    "listen: if it clicks, the fret is lifting, and any honest bench reseats it in half an hour. "
                    "Keep the soap box, your grandfather would approve."
                ),
                after_h=70.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=9,
        creator=11,
        days_ago=18.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "I have built one ukulele from a kit, and now I want to make a classical guitar from "
                    "scratch. Which part will humble me, and can I practise it on scrap beforehand?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "The neck angle will humble you, Ewan, as it does me on Mondays. Cut three necks from cheap "
                    "pine and fit each to a plywood box with a straightedge along the top. By the third one you "
                    "will see half a millimetre."
                ),
                after_h=75.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=1,
        creator=13,
        days_ago=28.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Hello, my Canadian partner and I are reading about spousal sponsorship and drown in forms. "
                    "I am not asking for advice about our case, only where the official list of documents comes "
                    "from, and in which order to read."
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Good question, Sofia, and well put. Begin with the government's instruction guide, then the "
                    "document checklist, which is made for your answers. The forms come third. General rule: the "
                    "checklist that you generate on the day you file is the one that counts."
                ),
                after_h=16.0,
            ),
            Line(
                by="fan",
                text=(
                    "We read it in that order and it suddenly looks like one pile instead of five. One general "
                    "thing: when a document is not in English or French, what does 'certified translation' "
                    "usually mean?"
                ),
                after_h=44.0,
            ),
            Line(
                by="creator",
                text=(
                    "Usually a full translation with a statement from a certified translator, along with a copy "
                    "of the original; the guide lists the exceptions. Check its wording on the day. For anything "
                    "particular to your history, sit down with a licensed representative."
                ),
                after_h=20.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=7,
        creator=13,
        days_ago=11.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Mr Dhillon, I am writing a letter explaining a two-year gap in my studies, for an "
                    "application form that asks for one. In general, how long should such a letter be, and what "
                    "do readers look for?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "In general one page, dates first, feelings last. A reader wants to follow the calendar "
                    "without gaps: month, place, what you did, what proves it. Short true sentences do better "
                    "than grand ones. For your own file, please ask a representative."
                ),
                after_h=21.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=5,
        creator=14,
        days_ago=26.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Buenas, Lucía. Mis conchas salen ricas, pero la costra se resbala por un lado como un "
                    "sombrero mal puesto. Horno casero, a nivel del mar, harina de fuerza. ¿Qué hago mal?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Hola, Carmen. Seguramente la masa suda: si la barnizas mucho o fermenta tapada con "
                    "plástico, la costra patina. Un hilo de manteca en la palma, nada más, y la costra firme, a "
                    "partes iguales de harina, azúcar glas y manteca vegetal."
                ),
                after_h=6.0,
            ),
            Line(
                by="fan",
                text=(
                    "¡Se quedaron en su sitio! Marqué la concha con un cuchillo y se abrió bonita. Solo que la "
                    "miga me queda un poco seca al segundo día, y me da pena tirarlas."
                ),
                after_h=52.0,
            ),
            Line(
                by="creator",
                text=(
                    "Cámbiale veinte gramos de agua por yema y sácalas dos minutos antes, cuando la base apenas "
                    "dore. Y al segundo día nunca se tiran: se parten, se tuestan con mantequilla y se comen con "
                    "frijoles. Así desayunamos nosotros."
                ),
                after_h=8.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=15,
        creator=14,
        days_ago=17.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Dear Lucía, my croissants leak butter in the oven and end up fried underneath. My kitchen "
                    "is at 26 degrees, and I am 67 and stubborn. At which step am I losing it?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Dear Edith, stubborn is the main ingredient. You lose it at the proof: above 26 degrees "
                    "butter melts before the yeast has finished. Proof at 24, by a cool window, for longer, and "
                    "bake when they wobble. Laminate in the early morning."
                ),
                after_h=10.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=13,
        creator=15,
        days_ago=23.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Wanjiru, ten frames of a heron at Lake Naivasha, in words as you asked: four hunting, three "
                    "with a fish, two in flight, one where it only looks at its reflection, slightly soft. Which "
                    "is the photograph?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "The one you apologised for. Fish pictures prove you were there; the reflection shows what "
                    "the bird was doing between events, which is its life. Soft is no sin if the eye holds. Crop "
                    "nothing, print it small, and leave the fish in a drawer."
                ),
                after_h=130.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=12,
        creator=15,
        days_ago=4.5,
        lines=(
            Line(
                by="fan",
                text=(
                    "Wanjiru, I come home from every trip with three thousand pictures and no story. This time "
                    "it was vultures at a water hole. Before I show you ten, how do you choose which ten to keep "
                    "out of a week?"
                ),
                after_h=0.0,
            ),
        ),
        ending="waiting",
    ),
    Talk(
        fan=15,
        creator=17,
        days_ago=32.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Dear Ragnhild, I want to steek a cardigan for my grandson, and I have had the scissors in "
                    "my hand for three evenings. The wool is a smooth merino blend. Am I right to be afraid?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Dear Edith, with smooth merino a little fear is wisdom, it does not felt and hold on. Sew "
                    "two lines by machine on either side of the middle stitch, short stitches, before you cut. "
                    "Then pour something nice and cut in daylight."
                ),
                after_h=38.0,
            ),
            Line(
                by="fan",
                text=(
                    "I sewed, I poured, I cut. The edges lay there like well-behaved children. Now the button "
                    "band ripples like seaweed, though I picked up a stitch in each row, as written."
                ),
                after_h=90.0,
            ),
            Line(
                by="creator",
                text=(
                    "Rows are shorter than stitches are wide, so one in each row is too many. Pick up three, "
                    "skip one, all the way, on a needle half a size smaller. And send your grandson out in the "
                    "wind, that is the true test."
                ),
                after_h=29.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=1,
        creator=17,
        days_ago=14.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Ragnhild, my swatch is perfect, twenty-two stitches, and then the sweater comes out two "
                    "sizes larger. I knit it in the round on the same needles. Why does my gauge lie to me?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Because you swatched flat, with purl rows, and most of us purl looser or tighter. Swatch in "
                    "the round, even if it looks silly, wash it, and hang it with clothes pegs for weight. A "
                    "sweater is heavy, a swatch has an easy life."
                ),
                after_h=47.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=12,
        creator=18,
        days_ago=21.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Bonjour Camille, I am 49 and began in January. In pirouettes I wander half a metre to the "
                    "left each time, and the lady next to me has started to leave a gap. What is it?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Bonjour Hugo, and thank the lady from me. Wandering left usually means your shoulder goes "
                    "before your supporting leg has arrived. For a week no turns: relevé to passé, hold for two "
                    "counts, come down in silence. The silence matters."
                ),
                after_h=19.0,
            ),
            Line(
                by="fan",
                text=(
                    "A week of silence. I noticed that I push from the heel and not through the whole foot. "
                    "Yesterday I made one clean single turn on the spot, and the lady applauded."
                ),
                after_h=100.0,
            ),
            Line(
                by="creator",
                text=(
                    "One clean single is worth four that travel, ask any company. Now keep the arms closed until "
                    "you have landed; grown-ups love to open them like a curtain. And invite the lady to close "
                    "the gap."
                ),
                after_h=26.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=9,
        creator=20,
        days_ago=37.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Aroha, I am making an elm dining table two metres long. Everyone warns me about wood "
                    "movement, but nobody says how much. How do I fix the top to the frame without it tearing "
                    "itself apart?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Ewan, elm is a lively one. Across a metre of width, allow about a centimetre between a damp "
                    "winter and a dry one. Fix the middle firmly, and let the edges slide: wooden buttons in a "
                    "groove, a gap behind each of them."
                ),
                after_h=66.0,
            ),
            Line(
                by="fan",
                text=(
                    "Buttons cut, sixteen of them, oak, with a gap you could post a letter through. The top "
                    "moved three millimetres in a month and nothing complained. Which finish would you use under "
                    "hot plates and grandchildren?"
                ),
                after_h=300.0,
            ),
            Line(
                by="creator",
                text=(
                    "Hardwax oil, three thin coats, and wipe every one as though you regretted it. It marks, but "
                    "you can mend a patch on a Sunday without stripping the whole table. Grandchildren are part "
                    "of the finish, Ewan, leave room for them."
                ),
                after_h=58.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=6,
        creator=20,
        days_ago=13.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Hi Aroha, I found a length of old jetty beam, full of iron stains and salt. Is it worth "
                    "planing for a bench seat, or will it eat my blades and rust for ever?"
                ),
                after_h=0.0,
            ),
        ),
        ending="refunded",
    ),
    Talk(
        fan=7,
        creator=21,
        days_ago=20.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Siobhán, I must speak for three minutes in a hall of four hundred with no microphone. The "
                    "last line is: 'We built it, and now we keep it.' I always lose the end. How do I land it?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Breathe after 'built it', not before 'we'. Let 'keep' be longer than feels decent, and look "
                    "at the last row as you say it. Then close your mouth and count two; the silence is the full "
                    "stop. Practise it in a stairwell."
                ),
                after_h=22.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=13,
        creator=21,
        days_ago=7.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "I chair our water committee, and when people interrupt me my voice goes up and thin. The "
                    "meeting is in a tin-roofed room that seats sixty. The sentence I need is: 'I will finish "
                    "this point.'"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Say it lower than you want to and slower than they do; a falling tone on 'point', as though "
                    "setting down a cup. Breathe out fully before you begin. Most of us go thin because we speak "
                    "on top of an old breath."
                ),
                after_h=18.0,
            ),
            Line(
                by="fan",
                text=(
                    "I set the cup down three times yesterday. The third time nobody spoke until I had finished, "
                    "and one man said 'go ahead' as though it were his idea. I slept very well."
                ),
                after_h=49.0,
            ),
            Line(
                by="creator",
                text=(
                    "Let him think so, you have the minutes of the meeting. Next time stand by a wall and not "
                    "under the middle of the roof; tin throws everything back. Well done, Grace, that is hard "
                    "work done quietly."
                ),
                after_h=21.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=2,
        creator=22,
        days_ago=35.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Dear Nilufar, a small fern has settled in the mortar of my garden wall in Freiburg: "
                    "leathery fronds, rounded leaflets in pairs on a dark stalk, no longer than my hand. Should "
                    "I leave it in peace?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Please leave it! Dark stalk and round pairs sounds very like maidenhair spleenwort, which "
                    "loves old lime mortar and harms nothing. Turn one frond over in summer: short dark dashes "
                    "beneath would settle it. And ask your mason to repoint around it."
                ),
                after_h=120.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=15,
        creator=22,
        days_ago=39.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "My tulips flower beautifully once, and then only leaves appear for years. I water them well "
                    "and feed them, and the bed is under an apple tree. What do they want from me, Nilufar?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "They want you to be less kind, Edith. In their mountains summer is baked and dry; your "
                    "watering rots their dreams. Lift them when the leaves are yellow, keep them warm and dry in "
                    "a paper bag, and replant in November in full sun."
                ),
                after_h=110.0,
            ),
            Line(
                by="fan",
                text=(
                    "I have moved half of them to the hot strip along the garage, where nothing else agrees to "
                    "live. The other half stays beneath the apple tree as a comparison. It feels like science."
                ),
                after_h=200.0,
            ),
            Line(
                by="creator",
                text=(
                    "It is science: you have a control and a garage. Write the bulb circumference now, because "
                    "size predicts the flower better than hope does. If you like, plant a few wild Tulipa "
                    "species there too; they come back faithfully, and bees adore them."
                ),
                after_h=140.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=6,
        creator=23,
        days_ago=16.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Daniël, we run a neighbourhood reading night and two deaf guests are coming for the first "
                    "time. We have one interpreter booked for two hours. What do organisers usually forget?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Usually three things: a second interpreter, because two hours alone is too long for "
                    "anyone's head; the texts, a week ahead; and light. Seat your guests so that reader and "
                    "hands share one line of sight. Then ask them, not me."
                ),
                after_h=8.0,
            ),
            Line(
                by="fan",
                text=(
                    "We asked them, and they wanted the side seats, not the front. A second interpreter came, "
                    "and the readers gave us their texts. One poem got its applause in waving hands, and I was "
                    "undone."
                ),
                after_h=72.0,
            ),
            Line(
                by="creator",
                text=(
                    "Side seats, you see, they always know best. Thank the interpreters by name next time and "
                    "let them correct the programme note. And learn to sign 'welcome back'; ask one of your "
                    "guests to teach you, it takes a minute."
                ),
                after_h=6.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=10,
        creator=12,
        days_ago=24.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "지우 님, 혼자 첫 게임을 만들고 있는데 점프가 물속처럼 느껴져요. 중력 값을 아무리 바꿔도 "
                    "시원하지 않습니다. 어디부터 손을 대면 좋을까요?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "소연 님, 중력 하나로는 안 돼요. 올라갈 때와 내려올 때 값을 다르게 두고, 떨어질 때를 두 배쯤 "
                    "무겁게 해 보세요. 버튼을 일찍 떼면 상승을 끊고, 발판 끝에서 0.1초는 봐주세요. 그다음에 "
                    "소리를 넣으면 끝입니다."
                ),
                after_h=13.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=14,
        creator=4,
        days_ago=18.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "مساء الخير يا ست أمل، أمي كانت تعمل الكبة بالسفرجل في الشتاء، ولم تكتب الوصفة أبدًا. أتذكر "
                    "أن المرق كان حامضًا ولونه أحمر. من أين يأتي هذا الطعم؟"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "مساء النور يا كريم، هذه كبة سفرجلية، وأنت جعلتني أجوع. الحموضة من عصير الرمان ودبسه معًا، "
                    "واللون من قليل من معجون البندورة. ضع السفرجل في المرق قبل الكبة بعشرين دقيقة، ولا تنس الثوم "
                    "والنعناع اليابس في النهاية."
                ),
                after_h=13.0,
            ),
            Line(
                by="fan",
                text=(
                    "طبختها يوم الجمعة وجاء إخوتي كلهم. سكتوا عند أول ملعقة، ثم قال أخي الكبير: ينقصها شيء صغير. "
                    "أظن أنه يقصد أمي، لا الطعم. شكرًا لك من القلب."
                ),
                after_h=75.0,
            ),
            Line(
                by="creator",
                text=(
                    "رحمها الله، وسلمت يداك. الذي ينقص لا يوضع في القدر، لكنه يجلس معكم إلى المائدة. زد في المرة "
                    "القادمة ملعقة سكر صغيرة في آخر المرق، فالحلبيات يفعلن ذلك ولا يعترفن به."
                ),
                after_h=20.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=5,
        creator=2,
        days_ago=12.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Inés, traduzco al español una carta de mi bisabuelo, escrita en inglés desde un barco. "
                    "Repite «I remain» al despedirse. ¿Lo dejo como fórmula o hay ahí alguien que de verdad se "
                    "queda?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Qué buena duda, Carmen. Es fórmula, pero en un barco deja de serlo. Yo pondría «quedo "
                    "tuyo», que en español antiguo también es cortesía y, si uno escucha bien, también es "
                    "quedarse. Mira si la última carta lo cambia."
                ),
                after_h=18.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=11,
        creator=1,
        days_ago=27.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "देव जी, मेरी नौ साल की बेटी हर बार वज़ीर जल्दी निकाल लेती है और फिर हार कर रोती है। उसे खेल "
                    "से प्यार है। मैं खुद बस चालें जानती हूँ, कैसे मदद करूँ?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "पूजा जी, रोना बताता है कि उसे परवाह है। एक हफ़्ता बिना वज़ीर के खेलिए, दोनों तरफ़ से हटा "
                    "दीजिए। घोड़े और ऊँट अपने आप जागेंगे। हर बाज़ी के बाद उससे पूछिए कि उसकी सबसे सुंदर चाल कौन "
                    "सी थी।"
                ),
                after_h=22.0,
            ),
            Line(
                by="fan",
                text=(
                    "कमाल हो गया! बिना वज़ीर के उसने मुझे तीन बार हराया और हर बार अपनी सबसे सुंदर चाल दिखाई। आज "
                    "वज़ीर वापस आया तो उसने उसे दसवीं चाल तक घर में ही रखा।"
                ),
                after_h=96.0,
            ),
            Line(
                by="creator",
                text=(
                    "दसवीं चाल तक वज़ीर का घर में रहना तो बड़े-बड़े भी नहीं सीखते। अब हफ़्ते में दो बाज़ियाँ "
                    "कॉपी में लिखवाइए, चालें उसके हाथ से। और आप भी सीखिए, हारती हुई माँ बहुत अच्छी शिक्षक होती "
                    "है।"
                ),
                after_h=15.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=2,
        creator=5,
        days_ago=32.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Ms Okafor, I make short documentaries about craftspeople and I lay piano under everything, "
                    "from fear. My editor says that the workshop already has music. How do I learn to hear where "
                    "to leave it out?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "Your editor is right, and so is your fear; it only needs a job. Mute everything and mark "
                    "each moment where you lean forward. Music belongs where you lean back. Then let the lathe "
                    "play for a full minute before any piano is allowed in."
                ),
                after_h=71.0,
            ),
        ),
        ending="answered",
    ),
    Talk(
        fan=8,
        creator=10,
        days_ago=25.0,
        lines=(
            Line(
                by="fan",
                text=(
                    "Adaeze, I must give a toast for my sister, the serious one, who once returned a birthday "
                    "cake because of a spelling mistake. I tell that story and people smile, but nobody laughs. "
                    "What is missing?"
                ),
                after_h=0.0,
            ),
            Line(
                by="creator",
                text=(
                    "The spelling mistake is missing! You are keeping the best card in your handbag, Beatriz. "
                    "Say the wrong word exactly as the icing had it, wait, and only then tell us that she took "
                    "it back. What did the cake say?"
                ),
                after_h=40.0,
            ),
            Line(
                by="fan",
                text=(
                    "It said 'Happy Brithday Dra. Helena', and she had finished her doctorate that same week. In "
                    "the shop she asked them to cite a source. I had forgotten that part until you asked."
                ),
                after_h=12.0,
            ),
            Line(
                by="creator",
                text=(
                    "'Cite a source' is your ending, so stop talking right after it and lift the glass. No "
                    "explaining, no 'but we love her'. They will see that you do, because nobody remembers a "
                    "sister so precisely by accident."
                ),
                after_h=33.0,
            ),
        ),
        ending="answered",
    ),
)
