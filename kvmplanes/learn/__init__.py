# SPDX-License-Identifier: GPL-2.0-only
"""What the reader does: questions whose keys the model computes."""

from kvmplanes.learn.questions import ALL, ask, questions_for, reply

__all__ = ["ALL", "ask", "questions_for", "reply"]
