"""A few cities of the list for tests, which do not load the other 69,000."""

from __future__ import annotations

from profiles.gateways.places import City
from profiles.services.place_list import load_places

LISBON = City(id=2267057, name="Lisbon", country="PT", lat=38.72509, lon=-9.1498, population=517_802,
              other_names=("Lisboa", "Lissabon", "लिस्बन"))  # fmt: skip
MALMO = City(id=2692969, name="Malmö", country="SE", lat=55.60587, lon=13.00073, population=301_706)
BERLIN = City(id=2950159, name="Berlin", country="DE", lat=52.52437, lon=13.41053, population=3_426_354)
SUVA = City(id=2198148, name="Suva", country="FJ", lat=-18.14161, lon=178.44149, population=77_366)
SPRINGFIELDS = (
    City(id=4409896, name="Springfield", region="Missouri", country="US", lat=37.21533, lon=-93.29824,
         population=170_188),
    City(id=4951788, name="Springfield", region="Massachusetts", country="US", lat=42.10148, lon=-72.58981,
         population=154_341),
    City(id=9957703, name="Springfield", country="AU", lat=-27.65365, lon=152.91716, population=6_705),
)  # fmt: skip
CITIES = (LISBON, MALMO, BERLIN, SUVA, *SPRINGFIELDS)


def load_a_few() -> None:
    """CITIES, in the database of the test."""
    load_places(cities=CITIES)
