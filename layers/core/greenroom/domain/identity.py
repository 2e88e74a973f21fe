"""Identity pictures (C9): the identity card 身份证照片 and the candidate, where a template asks for them."""

from __future__ import annotations

from typing import Literal, get_args

IdentityPicture = Literal["card", "portrait"]
PICTURES: tuple[IdentityPicture, ...] = get_args(IdentityPicture)
MAX_PICTURE_BYTES = 2 * 2**20
