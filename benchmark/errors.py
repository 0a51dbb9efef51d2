"""One kind of error for everything a user can get wrong: it names the thing, the rule, the value and the fix."""

from __future__ import annotations

import copyreg


class MettleError(Exception):
    """A refusal that reads as one line: `thing: rule, but got value. fix`.

    The command line prints it without a traceback and exits with code 2.
    """

    exit_code = 2

    def __init__(self, thing: object, rule: str, value: object = None, fix: str | None = None) -> None:
        self.thing, self.rule, self.value, self.fix = str(thing), rule, value, fix
        text = f"{self.thing}: {rule}"
        if value is not None:
            text += f", but got {value}"
        text += "."
        if fix:
            text += f" {fix}"
        super().__init__(" ".join(text.split()))

    def __reduce__(self) -> tuple[object, ...]:
        """Worker processes send their errors to the parent: rebuild one from its state, not from its text."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]
