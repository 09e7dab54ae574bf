"""The cities of the demo, as the list of cities has them: the demo does not need the whole list to be loaded."""

from __future__ import annotations

from profiles.gateways.places import City
from profiles.services.place_list import load_places
from profiles.types import Whereabouts

from .cast import Creator

CITIES = (
    City(id=1277333, name="Bengaluru", country="IN", lat=12.97194, lon=77.59369, population=8_495_492),
    City(id=2950159, name="Berlin", country="DE", lat=52.52437, lon=13.41053, population=3_426_354),
    City(id=2800866, name="Brussels", country="BE", lat=50.85045, lon=4.34878, population=1_019_022),
    City(id=360630, name="Cairo", country="EG", lat=30.06263, lon=31.24967, population=9_606_916),
    City(id=2964574, name="Dublin", country="IE", lat=53.33306, lon=-6.24889, population=1_024_027),
    City(id=2650225, name="Edinburgh", country="GB", lat=55.95206, lon=-3.19648, population=514_990),
    City(id=3094802, name="Kraków", country="PL", lat=50.06143, lon=19.93658, population=816_614),
    City(id=2332459, name="Lagos", country="NG", lat=6.45407, lon=3.39467, population=15_388_000),
    City(id=3196359, name="Ljubljana", country="SI", lat=46.05108, lon=14.50513, population=272_220),
    City(id=2365267, name="Lomé", country="TG", lat=6.12874, lon=1.22154, population=2_188_376),
    City(id=2643743, name="London", country="GB", lat=51.50853, lon=-0.12574, population=8_961_989),
    City(id=3458449, name="Londrina", country="BR", lat=-23.31028, lon=-51.16278, population=581_382),
    City(id=5368361, name="Los Angeles", country="US", lat=34.05223, lon=-118.24368, population=3_820_914),
    City(id=2996944, name="Lyon", country="FR", lat=45.74906, lon=4.84789, population=520_774),
    City(id=2692969, name="Malmö", country="SE", lat=55.60587, lon=13.00073, population=362_133),
    City(id=3530597, name="Mexico City", country="MX", lat=19.42847, lon=-99.12766, population=12_294_193),
    City(id=1275339, name="Mumbai", country="IN", lat=19.07283, lon=72.88261, population=12_691_836),
    City(id=184745, name="Nairobi", country="KE", lat=-1.28333, lon=36.81667, population=4_397_073),
    City(id=1835848, name="Seoul", country="KR", lat=37.566, lon=126.9784, population=10_349_312),
    City(id=3448439, name="São Paulo", country="BR", lat=-23.5475, lon=-46.63611, population=12_400_232),
    City(id=1512569, name="Tashkent", country="UZ", lat=41.26465, lon=69.21627, population=1_978_028),
    City(id=6167865, name="Toronto", country="CA", lat=43.70643, lon=-79.39864, population=2_794_356),
    City(id=3133895, name="Tromsø", country="NO", lat=69.6489, lon=18.95508, population=41_915),
    City(id=2745912, name="Utrecht", country="NL", lat=52.09083, lon=5.12222, population=376_435),
    City(id=2509954, name="Valencia", country="ES", lat=39.47391, lon=-0.37966, population=824_340),
    City(id=2179537, name="Wellington", country="NZ", lat=-41.28664, lon=174.77557, population=381_900),
    City(id=3093133, name="Łódź", country="PL", lat=51.77058, lon=19.47395, population=639_890),
)  # fmt: skip
_IDS = {(city.name, city.country): city.id for city in CITIES}


def load() -> None:
    """The cities, unless they are there."""
    load_places(cities=CITIES)


def whereabouts_of(creator: Creator) -> Whereabouts:
    """A creator's city; every third says it more exactly than the others."""
    return Whereabouts(place_id=_IDS[creator.city, creator.country], cell_km=5 if creator.birth_year % 3 == 0 else 20)
