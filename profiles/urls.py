from __future__ import annotations

from django.urls import path

from . import away_views, discovery_views, nearby_views, picture_views, social_views, views, visibility_views

app_name = "profiles"

urlpatterns = [
    path("creators/<uuid:user_id>/", views.creator, name="creator"),
    path("profile/edit/", views.edit, name="edit"),
    path("profile/create/", views.create, name="create"),
    path("profile/remove/", views.remove, name="remove"),
    # -- discovery
    path("discover/", discovery_views.discover, name="discover"),
    path("discover/searches/", discovery_views.SearchesPage.as_view(), name="searches"),
    path("discover/searches/<uuid:search_id>/rename/", discovery_views.rename_search, name="search-rename"),
    path("discover/searches/<uuid:search_id>/delete/", discovery_views.delete_search, name="search-delete"),
    # -- nearby and places
    path("nearby/", nearby_views.nearby, name="nearby"),
    # -- pictures
    path("profile/pictures/", picture_views.pictures, name="pictures"),
    path("profile/pictures/<uuid:uid>/", picture_views.change, name="picture-change"),
    path("profile/pictures/<uuid:uid>/move/", picture_views.move, name="picture-move"),
    path("profile/pictures/<uuid:uid>/remove/", picture_views.remove, name="picture-remove"),
    path("pictures/<uuid:uid>/<int:width>.webp", picture_views.picture_file, name="picture-file"),
    # -- people one knows
    path("people/", social_views.following, name="people"),
    path("people/connections/", social_views.connected, name="connections"),
    path("people/lists/", social_views.own_lists, name="lists"),
    path("people/lists/<uuid:list_id>/", social_views.own_list, name="list"),
    path("people/lists/<uuid:list_id>/add/", social_views.list_add, name="list-add"),
    path("people/lists/<uuid:list_id>/remove/", social_views.list_remove, name="list-remove"),
    path("people/lists/<uuid:list_id>/delete/", social_views.list_delete, name="list-delete"),
    path("people/<uuid:user_id>/follow/", social_views.follow, name="follow"),
    path("people/<uuid:user_id>/unfollow/", social_views.unfollow, name="unfollow"),
    path("people/<uuid:user_id>/connect/", social_views.connect, name="connect"),
    path("people/<uuid:user_id>/accept/", social_views.accept, name="connection-accept"),
    path("people/<uuid:user_id>/decline/", social_views.decline, name="connection-decline"),
    path("people/<uuid:user_id>/withdraw/", social_views.withdraw, name="connection-withdraw"),
    path("people/<uuid:user_id>/disconnect/", social_views.disconnect, name="disconnect"),
    # -- visits and facts
    path("people/visitors/", social_views.visitors, name="visitors"),
    # -- presence and visibility
    path("profile/away/", away_views.away, name="away"),
    path("profile/visibility/", visibility_views.visibility, name="visibility"),
]
