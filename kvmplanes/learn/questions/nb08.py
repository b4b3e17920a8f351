# SPDX-License-Identifier: GPL-2.0-only
"""Keys of the questions of notebook 08, Review it; their text is in nb08.toml."""

import kvmplanes as kp
from kvmplanes.learn.queries import Key, getfile_fails, results_of, state_after
from kvmplanes.runs.trace import is_errno


def _claim() -> str:
    return "so" if kp.run("09", fail="init_srcu_struct").defects else "not so"


def _holder() -> str:
    """Who still has plane 1 after its descriptor is closed."""
    trace = kp.run("29", ops=("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "close(plane 1)", "KVM_CHECK_EXTENSION vm"))
    return {"live": "slot", "empty": "nobody"}.get(
        state_after(trace, "KVM_CHECK_EXTENSION vm").occupancy[1], "another way"
    )


def _unseen(*fails: str) -> int:
    """How many added lines a plain run, and runs with these failing calls, do not show at work."""
    traces = [kp.run("09"), *(kp.run("09", fail=call) for call in fails)]
    seen = frozenset().union(*(trace.events for trace in traces))
    return sum(line.event not in seen for line in kp.PATCH.added)


def _adds_most() -> str:
    calls = ("kvm_create_plane", "init_srcu_struct", "anon_inode_getfile")
    left = {call: _unseen(call) for call in calls}
    best = [call for call, count in left.items() if count == min(left.values())]
    return best[0] if len(best) == 1 else "none of them"


def _after_failure() -> str:
    """What slot 1 holds when KVM_CREATE_PLANE 1 has failed at its last step."""
    return state_after(getfile_fails(), "KVM_CREATE_PLANE 1").occupancy[1]


def _again() -> str:
    last = results_of(getfile_fails(retry=True), "KVM_CREATE_PLANE 1")[-1]
    return last if is_errno(last) else "fd"


def _at_the_end() -> str:
    kinds = {defect.kind for defect in getfile_fails().defects}
    return next((kind for kind in ("double-free", "leak") if kind in kinds), "nothing")


def _wide() -> str:
    """What an id of 2**32 + 5 does."""
    op = f"KVM_CREATE_PLANE {2**32 + 5}"
    trace = kp.run("29", ops=("KVM_CREATE_VM", op))
    result = results_of(trace, op)[0]
    return result if is_errno(result) else f"plane {state_after(trace, op).occupancy[1:].index('live') + 1}"


KEYS: dict[str, Key] = {
    "nb08-claim": _claim,
    "nb08-holder": _holder,
    "nb08-unseen": _unseen,
    "nb08-adds-most": _adds_most,
    "nb08-after-failure": _after_failure,
    "nb08-again": _again,
    "nb08-at-the-end": _at_the_end,
    "nb08-wide": _wide,
}
