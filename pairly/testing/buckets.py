"""A bucket of a real server that speaks S3 (moto's), and the product's own settings for it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from pairly.settings import environment, files

KEY, SECRET, REGION = "a-key", "a-secret", "eu-central-1"


@dataclass(frozen=True)
class Bucket:
    """One bucket: its name, where its server is, a client that may do everything."""

    name: str
    endpoint: str
    client: Any

    @property
    def names(self) -> set[str]:
        """The keys of all objects there are."""
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return {one["Key"] for one in found}

    def describe(self, key: str) -> dict[str, Any]:
        """An object's headers."""
        answer: dict[str, Any] = self.client.head_object(Bucket=self.name, Key=key)
        return answer


@contextmanager
def running_server() -> Iterator[str]:
    """The server on loopback; gives its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def make_bucket(endpoint: str) -> Bucket:
    """An empty bucket as docs/operations.md has it made: what is below `media/` may be read by everyone, no ACLs."""
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name=REGION, aws_access_key_id=KEY, aws_secret_access_key=SECRET
    )
    name = f"pairly-{uuid.uuid4().hex[:12]}"
    client.create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": REGION},
        ObjectOwnership="BucketOwnerEnforced",
    )
    readable = {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/{files.PUBLIC_PREFIX}/*",
    }  # fmt: skip
    client.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [readable]}))
    return Bucket(name=name, endpoint=endpoint, client=client)


def storages_in(bucket: Bucket, monkeypatch: Any, **more: str) -> dict[str, Any]:
    """STORAGES as the product makes them from the environment of this bucket; `more` are further variables."""
    values = {
        "S3_BUCKET": bucket.name, "S3_REGION": REGION, "S3_ENDPOINT_URL": bucket.endpoint,
        "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, **more,
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setattr(environment, name, value)
    return files.storages()
