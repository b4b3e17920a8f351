# SPDX-License-Identifier: GPL-2.0-only
"""What the reader does: questions whose keys the model computes, exercises whose answers the model runs."""

from kvmplanes.learn.exercises import EXERCISES, check, exercise, exercises_for
from kvmplanes.learn.questions import ALL, ask, questions_for, reply

__all__ = ["ALL", "EXERCISES", "ask", "check", "exercise", "exercises_for", "questions_for", "reply"]
