from .listing import Listing, Presence, ResponseFacts
from .pictures import Picture, file_name, storage_for
from .places import Cell, Place, PlaceName
from .profile import Profile, joined
from .social import Connection, Follow, ListEntry, PeopleList, SavedSearch, Viewer, Visit

__all__ = [
    "Cell",
    "Connection",
    "Follow",
    "ListEntry",
    "Listing",
    "PeopleList",
    "Picture",
    "Place",
    "PlaceName",
    "Presence",
    "Profile",
    "ResponseFacts",
    "SavedSearch",
    "Viewer",
    "Visit",
    "file_name",
    "joined",
    "storage_for",
]
