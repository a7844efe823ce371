"""A client of Orion that shares nothing with it: Python's standard library alone, written after the protocol's page.

    foreign-client.py COMMAND...

COMMAND is `orion` with whatever chooses the store. Each case prints one line of JSON: its name, and its error or null.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback

PATIENCE = 120.0
METHODS = """
    initialize shutdown workspace/executeCommand rpc.discover record/get record/getMany record/list record/count
    record/history record/create record/update record/delete record/restore record/archive record/purge record/transact
    type/list type/get type/define subscription/open subscription/close event/publish event/list daemon/status
    daemon/backup daemon/shutdown
""".split()


class Refused(Exception):
    """The answer was an error."""

    def __init__(self, error):
        super().__init__(f"{error['code']} {error['message']}")
        self.code = error["code"]
        self.data = error.get("data") or {}


class Connection:
    """One connection. A thread of its own reads what comes and keeps it all, in order."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.changed = threading.Condition()
        self.received = []
        self.ended = False
        self.next_id = 1
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # The daemon was first.
        self.socket.close()

    def initialize(self, **members):
        hello = {"protocol": {"min": 1, "max": 1}, "client": {"name": "foreign", "version": "1", "kind": "script"}}
        return self.call("initialize", **{**hello, **members})

    def send_bytes(self, data):
        self.socket.sendall(data)

    def send_body(self, body, header="Content-Length: %d\r\n\r\n"):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_bytes((header % len(data)).encode() + data)

    def send(self, message):
        self.send_body(json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False))

    def start(self, method, **params):
        number = self.next_id
        self.next_id += 1
        self.send({"id": number, "method": method, "params": params})
        return number

    def notify(self, method, **params):
        self.send({"method": method, "params": params})

    def call(self, method, **params):
        return self.result(self.start(method, **params))

    def result(self, number):
        answer = self.first(lambda message: message.get("id") == number and "method" not in message)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    def refused(self, method, **params):
        try:
            result = self.call(method, **params)
        except Refused as error:
            return error
        raise AssertionError(f"expected {method} to be refused, got {result}")

    def first(self, fits, start=0):
        with self.changed:
            in_time = self.changed.wait_for(lambda: self._find(fits, start) or self.ended, PATIENCE)
            message = self._find(fits, start)
            assert message is not None, "the connection ended first" if in_time else f"nothing came: {self.received}"
            return message

    def until_events(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self._events()) >= count, PATIENCE), self.received
            return self._events()

    def until_closed(self):
        with self.changed:
            assert self.changed.wait_for(lambda: self.ended, PATIENCE), "the connection was not closed"

    def _find(self, fits, start):
        return next((message for message in self.received[start:] if fits(message)), None)

    def _events(self):
        sent = [m["params"] for m in self.received if m.get("method") == "subscription/events"]
        return [event for params in sent for event in params["events"]]

    def _read(self):
        stream = self.socket.makefile("rb")
        try:
            while message := read_frame(stream):
                self._took(message)
        except OSError:
            pass  # Closed under the reader: what came before counts.
        self._took(None)

    def _took(self, message):
        with self.changed:
            if message is None:
                self.ended = True
            else:
                self.received.append(message)
            self.changed.notify_all()


def read_frame(stream):
    length = None
    while line := stream.readline():
        if line == b"\r\n":
            return json.loads(stream.read(length).decode("utf-8"))
        name, _, value = line.decode("ascii").partition(":")
        if name.lower() == "content-length":
            length = int(value)
    return None


def connected(path, **members):
    connection = Connection(path)
    connection.initialize(**members)
    return connection


def insight(summary, **more):
    return {"summary": summary, "domain": "foreign", **more}


def equal(got, expected):
    assert got == expected, f"expected {expected!r}, got {got!r}"


CASES = []


def case(name):
    def add(function):
        CASES.append((name, function))
        return function

    return add


@case("a handshake tells who is who and where the log stands")
def handshake(path):
    with Connection(path) as one:
        told = one.initialize(workspace={"root": "/somewhere"}, claims={"agent": "snake"}, unknownMember=1)
        equal(told["protocol"], 1)
        equal(told["server"]["name"], "orion")
        equal(told["principal"], "owner")
        assert {"read", "write", "publish", "admin"} <= set(told["scopes"]), told["scopes"]
        for member in ("instanceId", "storeId", "epoch", "token", "floor"):
            assert isinstance(told[member], str) and told[member], member
        equal(told["capabilities"]["events.resume"], True)
        assert told["limits"]["bodyMaxBytes"] == 16 * 1024 * 1024 and told["warnings"] == []
        one.notify("initialized")
        equal(one.refused("initialize", protocol={"min": 1, "max": 1}).code, 40000)


@case("before the handshake nothing is answered but the handshake")
def too_early(path):
    with Connection(path) as one:
        equal(one.refused("record/get", type="OrionInsight", id="x").code, 40101)
        refused = one.refused("initialize", protocol={"min": 7, "max": 9})
        equal(refused.code, 42600)
        equal(refused.data["supported"], {"min": 1, "max": 1})


@case("a language client's handshake needs no protocol, and commands are the whole interface")
def language_client(path):
    with Connection(path) as one:
        told = one.call(
            "initialize", processId=None, clientInfo={"name": "ed"}, rootUri=None, capabilities={"workspace": {}}
        )
        equal(told["serverInfo"], told["server"])
        equal(told["capabilities"]["textDocumentSync"], 0)
        commands = told["capabilities"]["executeCommandProvider"]["commands"]
        assert "orion.record/get" in commands and "orion.record/update" in commands, commands
        one.notify("initialized")
        document = {"uri": "file:///a", "languageId": "x", "version": 1, "text": ""}
        one.notify("textDocument/didOpen", textDocument=document)
        params = {"type": "OrionInsight", "id": "by-command", "data": insight("commanded")}
        written = one.call("workspace/executeCommand", command="orion.record/create", arguments=[params])
        equal((written["id"], written["version"], written["changed"]), ("by-command", 1, True))
        equal(one.call("record/get", type="OrionInsight", id="by-command")["data"]["summary"], "commanded")


@case("a record is created, read, changed and moved, and every version can be read")
def records(path):
    with connected(path) as one:
        made = one.call("record/create", type="OrionInsight", data=insight("저장소를 🐍", tags=["ci"]))
        key = {"type": "OrionInsight", "id": made["id"]}
        equal((made["version"], made["changed"]), (1, True))
        record = one.call("record/get", **key)
        equal(record["data"]["summary"], "저장소를 🐍")
        equal((record["version"], record["lifecycle"], record["createdBy"]), (1, "active", "owner"))
        equal(record["token"], made["token"])
        changed = one.call("record/update", **key, expectedVersion=1, set={"domain": "moved"}, **{"return": "record"})
        equal((changed["version"], changed["record"]["data"]["domain"]), (2, "moved"))
        same = one.call("record/update", **key, expectedVersion=2, set={"domain": "moved"})
        equal((same["version"], same["changed"]), (2, False))
        equal(one.call("record/delete", **key, expectedVersion=2)["version"], 3)
        equal(one.call("record/get", **key)["lifecycle"], "deleted")
        equal(one.call("record/restore", **key, expectedVersion=3)["version"], 4)
        equal(one.call("record/get", **key, version=1)["data"]["domain"], "foreign")
        history = one.call("record/history", **key)["versions"]
        equal([entry["version"] for entry in history], [4, 3, 2, 1])
        equal([entry["op"] for entry in history], ["restored", "deleted", "updated", "created"])
        absent = one.refused("record/get", type="OrionInsight", id="nowhere")
        equal((absent.code, absent.data["kind"], absent.data["id"]), (40400, "not_found", "nowhere"))
        unknown = one.refused("record/get", type="OrionInsigt", id="x")
        equal((unknown.code, unknown.data["didYouMean"]), (40401, "OrionInsight"))
        invalid = one.refused("record/create", type="OrionInsight", data=insight("x", confidenceScore=2))
        equal((invalid.code, invalid.data["issues"][0]["path"]), (40001, "confidenceScore"))


@case("whoever loses a race is told what is there now, who changed it, and which fields")
def races(path):
    with connected(path) as one, connected(path) as other:
        key = {"type": "OrionInsight", "id": "race"}
        one.call("record/create", **key, data=insight("start"))
        one.call("record/update", **key, expectedVersion=1, set={"summary": "first"})
        lost = other.refused("record/update", **key, expectedVersion=1, set={"summary": "late"})
        equal((lost.code, lost.data["kind"], lost.data["reason"]), (40900, "conflict", "version"))
        equal((lost.data["current"]["version"], lost.data["current"]["data"]["summary"]), (2, "first"))
        equal((lost.data["expectedVersion"], lost.data["changedFields"]), (1, ["summary"]))
        assert lost.data["changedBy"] and lost.data["changedAt"].endswith("Z"), lost.data
        exists = other.refused("record/create", **key, data=insight("mine"))
        equal((exists.code, exists.data["reason"]), (40900, "exists"))
        equal(exists.data["current"]["version"], 2)
        unversioned = other.refused("record/update", **key, set={"summary": "x"})
        assert unversioned.code in (-32602, 40000), unversioned.code
        forced = other.call("record/update", **key, force=True, set={"summary": "forced"})
        equal(forced["version"], 3)
        operators = [
            {"field": "tags", "op": "addToSet", "value": "t"},
            {"field": "confidenceScore", "op": "increment", "value": -0.5},
        ]
        applied = other.call("record/update", **key, apply=operators, **{"return": "record"})["record"]["data"]
        equal((applied["tags"], applied["confidenceScore"]), (["t"], 0.5))


@case("a transaction happens wholly, with its guards, or not at all")
def transactions(path):
    with connected(path) as one:
        guard = {"type": "OrionPattern", "id": "guard"}
        token = one.call("record/create", **guard, data={"trigger": "t", "steps": []})["token"]
        operations = [
            {"op": "create", "type": "OrionInsight", "id": "whole", "data": insight("a")},
            {"op": "create", "type": "JobResult", "id": "job", "data": {"jobId": "j", "status": "SUCCESS"}},
            {"op": "update", "type": "OrionInsight", "id": "whole", "expectedVersion": 1, "set": {"summary": "b"}},
        ]
        guards = [{**guard, "version": 1}, {"type": "JobResult", "id": "no", "version": None}]
        done = one.call("record/transact", operations=operations, guards=guards)
        equal([result["version"] for result in done["results"]], [1, 1, 2])
        equal(done["lastSeq"] - done["firstSeq"], 2)
        events = one.call("event/list", patterns=["*"], after=token)["events"]
        equal([event["txn"] for event in events], 3 * [done["firstSeq"]])
        one.call("record/update", **guard, expectedVersion=1, set={"trigger": "u"})
        again = [{"op": "create", "type": "OrionInsight", "id": "never", "data": insight("n")}]
        lost = one.refused("record/transact", operations=again, guards=guards)
        equal((lost.code, lost.data["reason"], lost.data["current"]["version"]), (40900, "guard", 2))
        half = again + [{"op": "delete", "type": "JobResult", "id": "job", "expectedVersion": 9}]
        stale = one.refused("record/transact", operations=half)
        equal((stale.code, stale.data["reason"], stale.data["operation"]), (40900, "version", 1))
        equal(one.refused("record/get", type="OrionInsight", id="never").code, 40400)


@case("a write that is repeated with its key is answered again and has one effect")
def idempotency(path):
    with connected(path) as one:
        params = {"type": "OrionInsight", "data": insight("once"), "idempotencyKey": "key-1"}
        first = one.call("record/create", **params)
        again = one.call("record/create", **params)
        equal((again["id"], again["token"], again["replayed"]), (first["id"], first["token"], True))
        other = one.refused("record/create", **{**params, "data": insight("another")})
        equal(other.code, 40902)
        before = one.call("record/count", type="OrionInsight")
        one.call("record/create", type="OrionInsight", data=insight("dry"), dryRun=True)
        equal(one.call("record/count", type="OrionInsight"), before)


@case("a subscriber gets the events of its patterns in order, after the answers that caused them")
def subscriptions(path):
    with connected(path) as one, connected(path) as other:
        opened = one.call("subscription/open", patterns=["OrionInsight.*"], include="changes")
        equal(opened["patterns"], ["OrionInsight.*"])
        synced = one.first(lambda message: message.get("method") == "subscription/synced")
        equal(synced["params"]["subscriptionId"], opened["subscriptionId"])
        written = one.start("record/create", type="OrionInsight", id="seen", data=insight("s"))
        one.result(written)
        change = {"expectedVersion": 1, "set": {"summary": "t"}, "reason": "why not"}
        other.call("record/update", type="OrionInsight", id="seen", **change)
        other.call("record/create", type="OrionPattern", id="unseen", data={"trigger": "t", "steps": []})
        created, updated = one.until_events(2)
        equal((created["topic"], created["op"], created["version"]), ("OrionInsight.created", "created", 1))
        equal((updated["previousVersion"], updated["changedFields"], updated["reason"]), (1, ["summary"], "why not"))
        equal(updated["actor"]["principal"], "owner")
        assert updated["seq"] > created["seq"] and "record" not in updated, updated
        order = [message.get("method", message.get("id")) for message in one.received]
        assert order.index(written) < order.index("subscription/events"), order
        one.call("subscription/close", subscriptionId=opened["subscriptionId"])
        other.call("record/delete", type="OrionInsight", id="seen", expectedVersion=2)
        one.call("daemon/status")
        equal(len(one.until_events(2)), 2)
        unknown = one.refused("subscription/open", patterns=["OrionInsigt.*"])
        equal(unknown.code, 40000)
        one.call("subscription/open", patterns=["Nobody.*"], allowUnknown=True)


@case("a subscriber that comes back with its token misses nothing")
def resume(path):
    with connected(path) as one:
        token = one.call("record/create", type="OrionInsight", id="resume", data=insight("0"))["token"]
    with connected(path) as other:
        for version in (1, 2, 3):
            change = {"set": {"summary": str(version)}, "expectedVersion": version}
            other.call("record/update", type="OrionInsight", id="resume", **change)
    with connected(path) as one:
        one.call("subscription/open", patterns=["OrionInsight.updated"], **{"from": token})
        events = one.until_events(3)
        equal([event["record"]["data"]["summary"] for event in events], ["1", "2", "3"])
        forged = one.refused("subscription/open", patterns=["*"], **{"from": "o1.aaaa.bbbb.1"})
        equal((forged.code, forged.data["kind"]), (40000, "token_invalid"))


@case("clients publish events of their own, and poll the log without notifications")
def polling(path):
    with connected(path) as one, connected(path) as other:
        published = one.call("event/publish", topic="Build.finished", payload={"ok": True, "단어": "값"})
        waiting = other.start("event/list", patterns=["Build.*"], after=published["token"], waitMs=60000)
        second = one.call("event/publish", topic="Build.failed", payload=[1, None, "x"])
        woken = other.result(waiting)
        equal([(event["topic"], event["payload"]) for event in woken["events"]], [("Build.failed", [1, None, "x"])])
        equal(woken["events"][0]["seq"], second["seq"])
        nothing = other.call("event/list", patterns=["Build.*"], after=second["token"], waitMs=50)
        equal(nothing["events"], [])
        equal(one.refused("event/publish", topic="OrionInsight.updated", payload={}).code, 40000)
        everything, after = [], None
        while True:
            page = other.call("event/list", patterns=["*"], limit=7, **({"after": after} if after else {}))
            if not page["events"]:
                break
            everything += page["events"]
            after = page["token"]
        equal([event["seq"] for event in everything], list(range(1, second["seq"] + 1)))


@case("lists are filtered, ordered and paged, and an unknown field is an error")
def lists(path):
    with connected(path) as one:
        for number in range(5):
            data = insight("100% sure" if number == 2 else "100 sure", domain="lists", confidenceScore=number / 10)
            one.call("record/create", type="OrionInsight", id=f"list-{number}", data=data)
        where = {"domain": "lists", "confidenceScore": {"gte": 0.1}}
        order = [{"field": "confidenceScore", "direction": "desc"}]
        page = one.call("record/list", type="OrionInsight", where=where, orderBy=order, limit=3)
        equal([record["id"] for record in page["records"]], ["list-4", "list-3", "list-2"])
        rest = one.call("record/list", type="OrionInsight", where=where, orderBy=order, limit=3, after=page["next"])
        equal(([record["id"] for record in rest["records"]], "next" in rest), (["list-1"], False))
        literal = one.call("record/list", type="OrionInsight", where={"summary": {"contains": "0% s"}})
        equal([record["id"] for record in literal["records"]], ["list-2"])
        either = {"domain": "lists", "or": [{"id": "list-0"}, {"not": {"confidenceScore": {"lt": 0.4}}}]}
        equal(one.call("record/count", type="OrionInsight", where=either)["count"], 2)
        equal(one.refused("record/list", type="OrionInsight", where={"sumary": "x"}).code, 40000)
        equal(one.refused("record/list", type="OrionInsight", where={"summary": {"like": "x"}}).code, 40000)
        many = [{"type": "OrionInsight", "id": "list-1"}, {"type": "JobResult", "id": "none"}]
        found = one.call("record/getMany", keys=many)["records"]
        equal((found[0]["id"], found[1]), ("list-1", None))


@case("the interface describes itself")
def discover(path):
    with connected(path) as one:
        document = one.call("rpc.discover")
        names = {method["name"] for method in document["methods"]}
        missing = [name for name in METHODS if name not in names]
        equal((document["openrpc"][:2], missing), ("1.", []))
        assert all(isinstance(method["params"], list) and "result" in method for method in document["methods"])
        types = {entry["name"] for entry in one.call("type/list")["types"]}
        assert {"OrionActionLog", "JobResult", "OrionInsight", "OrionPattern", "Proposal"} <= types, types


@case("a cancelled request is answered as cancelled, in the words of either kind of client")
def cancelling(path):
    for hello, code in (({"protocol": {"min": 1, "max": 1}}, 49900), ({"processId": None}, -32800)):
        with Connection(path) as one:
            one.call("initialize", **hello)
            token = one.call("daemon/status")["token"]
            waiting = one.start("event/list", patterns=["Never.*"], after=token, waitMs=60000)
            one.notify("$/cancelRequest", id=waiting)
            try:
                raise AssertionError(f"expected it to be cancelled, got {one.result(waiting)}")
            except Refused as refused:
                equal(refused.code, code)
            one.notify("$/cancelRequest", id=9999)
            assert one.call("daemon/status")["pid"]


@case("frames may come in pieces, several at once, and with other headers")
def framing(path):
    with connected(path) as one:
        body = json.dumps({"jsonrpc": "2.0", "id": "text id", "method": "daemon/status"}).encode()
        header = b"content-length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n"
        frame = header % len(body) + body
        for position in range(len(frame)):
            one.send_bytes(frame[position : position + 1])
        assert one.result("text id")["pid"]
        bodies = [json.dumps({"jsonrpc": "2.0", "id": f"m{n}", "method": "type/list"}) for n in range(20)]
        one.send_bytes(b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(text), text.encode()) for text in bodies))
        for number in range(20):
            assert one.result(f"m{number}")["types"]


@case("a frame that can't be read is answered with -32600, and the connection is closed")
def bad_frames(path):
    before = (b"Content-Length: 65537\r\n\r\n", b"X-Padding: " + b"x" * 8192 + b"\r\nContent-Length: 2\r\n\r\n{}")
    bad = (
        b"Content-Type: text/plain\r\n\r\n{}",
        b"Content-Length: many\r\n\r\n{}",
        b"Content-Length: -5\r\n\r\n{}",
        b"Content-Length: 1e3\r\n\r\n{}",
        b"Content-Length: 16777217\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: orion\r\n\r\n",
    )
    for data, ready in [(data, False) for data in before + bad] + [(data, True) for data in bad]:
        with Connection(path) as one:
            if ready:
                one.initialize()
            one.send_bytes(data)
            error = one.first(lambda message: "error" in message)
            equal((error["id"], error["error"]["code"]), (None, -32600))
            one.until_closed()


@case("a message that makes no sense is answered, and the connection lives on")
def bad_messages(path):
    with connected(path) as one:
        deep = '{"jsonrpc":"2.0","id":77,"method":"type/list","params":{"a":%s1%s}}' % ("[" * 250, "]" * 250)
        table = (
            ("{nonsense", -32700, None),
            (b"\xff\xfe\x00", -32700, None),
            ("[]", -32600, None),
            ('[{"jsonrpc":"2.0","id":5,"method":"type/list"}]', -32600, None),
            ('{"foo":1}', -32600, None),
            ('{"jsonrpc":"2.0","id":71,"method":5}', -32600, 71),
            ("3", -32600, None),
            (deep, -32600, 77),
        )
        for body, code, number in table:
            seen = len(one.received)
            one.send_body(body)
            error = one.first(lambda message: "error" in message, seen)
            equal((body, error["error"]["code"], error["id"]), (body, code, number))
        equal(one.refused("record/fly").code, -32601)
        one.notify("$/whatever")
        one.notify("nobody/knows", a=1)
        wrong = one.refused("record/get", type="OrionInsight", id=5)
        equal((wrong.code, wrong.data["kind"]), (-32602, "invalid_params"))
        assert wrong.data["issues"][0]["path"] and wrong.data["issues"][0]["message"], wrong.data
        assert one.call("daemon/status")["pid"]


@case("one request too many is refused, those under way go on")
def too_many(path):
    with connected(path) as one:
        token = one.call("daemon/status")["token"]
        waiting = [one.start("event/list", patterns=["Flood.*"], after=token, waitMs=60000) for _ in range(1024)]
        refused = one.refused("type/list")
        equal((refused.code, refused.data["kind"]), (42900, "overloaded"))
        with connected(path) as other:
            other.call("event/publish", topic="Flood.over", payload=1)
        for number in waiting:
            equal(len(one.result(number)["events"]), 1)
        assert one.call("type/list")["types"]


@case("who does not shake hands in time is let go")
def silence(path):
    with Connection(path) as one:
        one.until_closed()


@case("shutdown and exit end the connection, not the daemon")
def ending(path):
    with connected(path) as one:
        pid = one.call("daemon/status")["pid"]
        equal(one.call("shutdown"), None)
        one.notify("exit")
        one.until_closed()
    with connected(path) as other:
        equal(other.call("daemon/status")["pid"], pid)


@case("a subscriber stops at any token and goes on after the daemon was killed and started again")
def over_a_kill(path):
    with connected(path) as one:
        pid = one.call("daemon/status")["pid"]
        one.call("subscription/open", patterns=["OrionInsight.*"])
        for number in range(5):
            one.call("record/create", type="OrionInsight", data=insight(f"before {number}"))
        before = one.until_events(5)
    os.kill(pid, signal.SIGKILL)
    path = find_endpoint()["socket"]
    with connected(path) as one:
        assert one.call("daemon/status")["pid"] != pid
        after = one.call("record/create", type="OrionInsight", data=insight("after"))
        for index, event in enumerate(before):
            with connected(path) as other:
                other.call("subscription/open", patterns=["OrionInsight.*"], **{"from": event["token"]})
                got = other.until_events(len(before) - index)
                equal([e["token"] for e in got], [*(e["token"] for e in before[index + 1 :]), after["token"]])


def find_endpoint():
    """Starts the daemon if none runs."""
    told = subprocess.run([*COMMAND, "endpoint", "--json"], check=True, capture_output=True)
    return json.loads(told.stdout)


def main():
    endpoint = find_endpoint()
    assert endpoint["protocol"] == 1 and endpoint["storeId"] and endpoint["instanceId"], endpoint
    for name, function in CASES:
        error = None
        try:
            function(endpoint["socket"])
        except Exception:
            error = traceback.format_exc()
        print(json.dumps({"name": name, "error": error}), flush=True)


COMMAND = sys.argv[1:]
main()
