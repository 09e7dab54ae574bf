from __future__ import annotations

from django.urls import path

from . import away_views, discovery_views, nearby_views, picture_views, social_views, views, visibility_views

app_name = "profiles"

urlpatterns = [
    path("profiles", views.OwnProfileView.as_view(), name="profile-own"),
    path("profiles/<uuid:user_id>", views.ProfileView.as_view(), name="profile-detail"),
    # -- discovery
    path("discover", discovery_views.DiscoverView.as_view(), name="profile-discover"),
    path("saved-searches", discovery_views.SearchesView.as_view(), name="search-list"),
    path("saved-searches/<uuid:search_id>", discovery_views.SearchView.as_view(), name="search-detail"),
    # -- nearby and places
    path("discover/nearby", nearby_views.NearbyView.as_view(), name="profile-nearby"),
    path("places", nearby_views.PlacesView.as_view(), name="place-list"),
    # -- pictures
    path("media/upload-profile-picture", picture_views.PortraitUploadView.as_view(), name="portrait-upload"),
    path("media/upload-gallery", picture_views.GalleryUploadView.as_view(), name="gallery-upload"),
    path("media/uploads/<uuid:uid>", picture_views.UploadView.as_view(), name="upload"),
    path("media/profile-picture", picture_views.PortraitView.as_view(), name="portrait"),
    path("media/gallery", picture_views.GalleryView.as_view(), name="gallery"),
    path("media/gallery/<int:index>", picture_views.GalleryPlaceView.as_view(), name="gallery-place"),
    path("media/pictures/<uuid:uid>", picture_views.PictureView.as_view(), name="picture"),
    path("profiles/<uuid:user_id>/pictures", picture_views.ProfilePicturesView.as_view(), name="profile-pictures"),
    # -- people one knows
    path("follows", social_views.FollowsView.as_view(), name="follow-list"),
    path("follows/<uuid:user_id>", social_views.FollowView.as_view(), name="follow-detail"),
    path("connections", social_views.ConnectionsView.as_view(), name="connection-list"),
    path("connections/<uuid:user_id>", social_views.ConnectionView.as_view(), name="connection-detail"),
    path("connections/<uuid:user_id>/accept", social_views.AcceptView.as_view(), name="connection-accept"),
    path("connections/<uuid:user_id>/decline", social_views.DeclineView.as_view(), name="connection-decline"),
    path("lists", social_views.ListsView.as_view(), name="list-list"),
    path("lists/<uuid:list_id>", social_views.ListView.as_view(), name="list-detail"),
    path("lists/<uuid:list_id>/people", social_views.ListPeopleView.as_view(), name="list-people"),
    path("lists/<uuid:list_id>/people/<uuid:user_id>", social_views.ListPersonView.as_view(), name="list-person"),
    # -- visits and facts
    path("visitors", social_views.VisitorsView.as_view(), name="visitor-list"),
    # -- presence and visibility
    path("profiles/away", away_views.AwayView.as_view(), name="profile-away"),
    path("profiles/visibility", visibility_views.VisibilityView.as_view(), name="profile-visibility"),
]
