from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("shop/items", views.ItemsView.as_view(), name="shop-item-list"),
    path("profiles/<uuid:user_id>/shop", views.ShelfView.as_view(), name="shop-shelf"),
    path("shop/items/<uuid:item_id>", views.ItemView.as_view(), name="shop-item-detail"),
    path("shop/items/<uuid:item_id>/pictures", views.PicturesView.as_view(), name="shop-picture-list"),
    path("shop/items/<uuid:item_id>/pictures/<uuid:file_id>", views.PictureView.as_view(), name="shop-picture-detail"),
    path("shop/items/<uuid:item_id>/unlock", views.UnlockView.as_view(), name="shop-item-unlock"),
    path("shop/library", views.LibraryView.as_view(), name="library-list"),
    path("shop/library/<uuid:unlock_id>", views.BoughtView.as_view(), name="library-detail"),
    path("shop/sales", views.SalesView.as_view(), name="sale-list"),
    path("shop/sales/<uuid:unlock_id>/refund", views.RefundView.as_view(), name="sale-refund"),
]
