"""Signs as a shop in Python would: with the published library, and nothing of ours.

The only argument is the folder with the library. Each line of standard input is {"parameters", "hash", "passphrase"}; each is
answered with a line that holds the signature. The library was written when text and bytes were one and the same, so it is
handed digests that take text.
"""

import hashlib
import importlib.util
import json
import pathlib
import sys


class DigestsOfText:
    def __getattr__(self, name):
        return lambda text: getattr(hashlib, name)(text.encode("utf-8"))


path = next(pathlib.Path(sys.argv[1]).rglob("django_ogone/security.py"))
spec = importlib.util.spec_from_file_location("security", path)
security = importlib.util.module_from_spec(spec)
spec.loader.exec_module(security)
security.hashlib = DigestsOfText()

for line in sys.stdin:
    asked = json.loads(line)
    signature = security.OgoneSignature(asked["parameters"], asked["hash"], asked["passphrase"])
    print(signature.signature(), flush=True)
