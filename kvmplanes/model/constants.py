# SPDX-License-Identifier: GPL-2.0-only
"""The two constants that the patch adds, and Linux's errnos, as Python's code needs them; tests hold them to the C."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

KVM_MAX_PLANES: Final = 16  # +11
KVM_CAP_PLANES: Final = 249  # +13

# Linux's numbers on every machine: in a browser Python's own are others. Source: include/uapi/asm-generic/errno*.h.
_BASE: Final = """
    EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV
    ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE
"""
ERRNOS: Final[Mapping[str, int]] = MappingProxyType(
    {name: n for n, name in enumerate(_BASE.split(), 1)} | {"ENOSYS": 38, "EOPNOTSUPP": 95, "ETIMEDOUT": 110}
)
