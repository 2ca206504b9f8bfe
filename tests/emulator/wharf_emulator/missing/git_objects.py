"""The ids that git gives to contents and folders, which are those that CodeCommit shows.

https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

from __future__ import annotations

import hashlib

MODES = {"NORMAL": "100644", "EXECUTABLE": "100755", "SYMLINK": "120000"}
"""The modes of files, as CodeCommit and as git write them."""


def _id(kind: bytes, content: bytes) -> str:
    return hashlib.sha1(kind + b" %d\0" % len(content) + content).hexdigest()


def blob(content: bytes) -> str:
    """The id of a file's content."""
    return _id(b"blob", content)


def tree(files: dict[str, bytes], modes: dict[str, str] | None = None) -> str:
    """The id of a folder with these files, by their paths; those without a mode are NORMAL."""
    modes = modes or {}
    inside: dict[str, dict[str, bytes]] = {}
    entries: list[tuple[str, str, str]] = []
    for path, content in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            inside.setdefault(name, {})[rest] = content
        else:
            entries.append((name, MODES[modes.get(path, "NORMAL")], blob(content)))
    for name, below in inside.items():
        prefix = f"{name}/"
        its = {path.removeprefix(prefix): mode for path, mode in modes.items() if path.startswith(prefix)}
        entries.append((name, "40000", tree(below, its)))
    # git sorts a folder as if its name ended in a slash
    entries.sort(key=lambda entry: (entry[0] + "/" if entry[1] == "40000" else entry[0]).encode())
    content = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(identity) for name, mode, identity in entries)
    return _id(b"tree", content)
