"""Where files lie: two folders of this machine or, with S3_BUCKET, two prefixes of a bucket."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from . import environment as e

FILES = "django.core.files.storage.FileSystemStorage"
BUCKET = "storages.backends.s3.S3Storage"
# Prefixes of the bucket. Only what is below the first may be read by everyone, by the bucket's policy or a CDN.
PUBLIC_PREFIX, PRIVATE_PREFIX = "media", "private"
# A file never changes under its name.
CACHE_PUBLIC = "public, max-age=31536000, immutable"
SIGNED_SECONDS = 300
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 3, 20, 3
KEPT_IN_MEMORY_BYTES = 5_000_000


def public_base_url() -> str:
    """What the addresses of public files begin with, without a slash at the end."""
    if e.CDN_BASE_URL:
        return f"{e.CDN_BASE_URL}/{PUBLIC_PREFIX}"
    if not e.S3_BUCKET:
        return f"/{PUBLIC_PREFIX}"
    if e.S3_ENDPOINT_URL:
        return f"{e.S3_ENDPOINT_URL}/{e.S3_BUCKET}/{PUBLIC_PREFIX}"
    host = f"s3.{e.S3_REGION}.amazonaws.com" if e.S3_REGION else "s3.amazonaws.com"
    return f"https://{e.S3_BUCKET}.{host}/{PUBLIC_PREFIX}"


def public_origin() -> list[str]:
    """The origin of public files, for the content policy; none where it is this site."""
    url = urlsplit(public_base_url())
    return [f"{url.scheme}://{url.netloc}"] if url.netloc else []


def storages() -> dict[str, dict[str, Any]]:
    """Django's STORAGES for `default`, public files, and `private`, what only some may fetch."""
    if e.S3_BUCKET:
        return {"default": _public_bucket(), "private": _private_bucket()}
    return {
        "default": {"BACKEND": FILES, "OPTIONS": {"base_url": f"{public_base_url()}/"}},
        # Fetched through views that ask who wants it: it has no address of its own.
        "private": {
            "BACKEND": FILES,
            "OPTIONS": {
                "location": e.VAR_DIR / "private",
                "base_url": None,
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        },
    }


def _public_bucket() -> dict[str, Any]:
    base = urlsplit(public_base_url())
    path = base.path.removesuffix(f"/{PUBLIC_PREFIX}")  # the storage adds its prefix
    options = {
        "location": PUBLIC_PREFIX,
        "custom_domain": f"{base.netloc}{path}",
        "url_protocol": f"{base.scheme}:",
        "querystring_auth": False,
        "object_parameters": {"CacheControl": CACHE_PUBLIC, **_encryption()},
    }
    return {"BACKEND": BUCKET, "OPTIONS": {**_bucket(), **options}}


def _private_bucket() -> dict[str, Any]:
    options = {
        "location": PRIVATE_PREFIX,
        "querystring_auth": True,
        "querystring_expire": SIGNED_SECONDS,
        "object_parameters": {"CacheControl": "no-store", **_encryption()},
    }
    return {"BACKEND": BUCKET, "OPTIONS": {**_bucket(), **options}}


def _bucket() -> dict[str, Any]:
    """What both have in common. No key means: boto3 finds credentials itself, as on a machine with a role."""
    from botocore.config import Config  # only where there is a bucket: it takes a while to import

    return {
        "bucket_name": e.S3_BUCKET,
        "region_name": e.S3_REGION or None,
        "endpoint_url": e.S3_ENDPOINT_URL or None,
        "access_key": e.AWS_ACCESS_KEY_ID or None,
        "secret_key": e.AWS_SECRET_ACCESS_KEY or None,
        "default_acl": None,  # who may read is the bucket's policy
        "max_memory_size": KEPT_IN_MEMORY_BYTES,
        "client_config": Config(
            s3={"addressing_style": "path" if e.S3_ENDPOINT_URL else "virtual"},
            signature_version="s3v4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        ),
    }


def _encryption() -> dict[str, str]:
    return {"ServerSideEncryption": e.S3_SERVER_SIDE_ENCRYPTION} if e.S3_SERVER_SIDE_ENCRYPTION else {}
