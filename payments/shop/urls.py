"""The pages of the shop, within the names of `payments`."""

from __future__ import annotations

from django.urls import path

from . import library_views, own_views, views

urlpatterns = [
    path("creators/<uuid:user_id>/shop/", views.shop, name="shop"),
    path("shop/items/<uuid:item_id>/", views.item, name="shop-item"),
    path("shop/items/<uuid:item_id>/unlock/", views.unlock, name="shop-unlock"),
    # -- the library
    path("library/", library_views.library, name="library"),
    path("library/<uuid:unlock_id>/", library_views.bought, name="library-item"),
    path("library/<uuid:unlock_id>/<uuid:file_id>/<int:width>.webp", library_views.bought_file, name="library-file"),
    # -- one's own shop
    path("shop/", own_views.own_shop, name="shop-own"),
    path("shop/new/", own_views.new, name="shop-new"),
    path("shop/sales/", own_views.sales, name="sales"),
    path("shop/sales/<uuid:unlock_id>/refund/", own_views.refund, name="sale-refund"),
    path("shop/items/<uuid:item_id>/edit/", own_views.edit, name="shop-edit"),
    path("shop/items/<uuid:item_id>/state/", own_views.set_state, name="shop-state"),
    path("shop/items/<uuid:item_id>/remove/", own_views.remove, name="shop-remove"),
    path("shop/items/<uuid:item_id>/pictures/", own_views.add_picture, name="shop-picture-add"),
    path("shop/items/<uuid:item_id>/pictures/<uuid:file_id>.webp", own_views.own_file, name="shop-file"),
    path(
        "shop/items/<uuid:item_id>/pictures/<uuid:file_id>/remove/",
        own_views.remove_picture,
        name="shop-picture-remove",
    ),
]
