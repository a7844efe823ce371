"""A client of Orion on a JSON-RPC library that others wrote: Debian's python3-pylsp-jsonrpc.

    library-client.py SOCKET

Prints one JSON object with what it got. Nothing is cancelled here: the library's reader dies of that.
"""

import json
import socket
import sys
import threading

from pylsp_jsonrpc.endpoint import Endpoint
from pylsp_jsonrpc.exceptions import JsonRpcException
from pylsp_jsonrpc.streams import JsonRpcStreamReader, JsonRpcStreamWriter

PATIENCE = 120


def main(path):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(path)
    seen = threading.Event()
    events = []

    def took(params):
        events.extend(params["events"])
        seen.set()

    # A notification that it has no handler for is only logged.
    endpoint = Endpoint({"subscription/events": took}, JsonRpcStreamWriter(connection.makefile("wb")).write)
    reader = JsonRpcStreamReader(connection.makefile("rb"))
    threading.Thread(target=reader.listen, args=(endpoint.consume,), daemon=True).start()

    def call(method, **params):
        return endpoint.request(method, params).result(PATIENCE)

    hello = call("initialize", client={"name": "pylsp", "kind": "editor"})
    call("subscription/open", patterns=["OrionInsight.*"])
    data = {"summary": "a/b und 저장소", "domain": "library"}
    created = call("record/create", type="OrionInsight", id="by/library", data=data)
    read = call("record/get", type="OrionInsight", id="by/library")
    updated = call("record/update", type="OrionInsight", id="by/library", expectedVersion=1, set={"tags": ["x"]})
    try:
        lost = call("record/update", type="OrionInsight", id="by/library", expectedVersion=1, set={"tags": []})
    except JsonRpcException as error:
        lost = {"code": error.code, "data": error.data}
    assert seen.wait(PATIENCE)
    told = {"hello": hello, "created": created, "read": read, "updated": updated, "lost": lost, "event": events[0]}
    print(json.dumps(told))
    call("shutdown")
    endpoint.notify("exit")


main(sys.argv[1])
