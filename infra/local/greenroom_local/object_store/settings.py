"""What the pocket object store is told when it starts."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class StoreSettings(BaseModel):
    """One store: its folder, its one pair of keys, its limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    """Holds the SQLite file and the bytes; the queue lives in the same folder."""
    access_key: str = Field(min_length=3)
    secret_key: str = Field(min_length=8, repr=False)
    region: str = "us-east-1"
    """Named in events. A signature may name any region, as with Ceph."""
    reserve_bytes: int = Field(default=64 * 2**20, ge=0)
    """Uploads are refused (507) while less than this is free, so that deleting and the queue go on."""
    stall_s: float = Field(default=60.0, gt=0)
    """An upload that sends nothing for this long is dropped, in seconds."""
