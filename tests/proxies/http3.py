"""Asks by HTTP/3: reads requests as JSON from standard input, and writes what came of each.

All are asked at once, each through a connection of its own.
"""

import asyncio
import base64
import json
import ssl
import sys
import time

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, StreamReset

# Seconds.
PATIENCE = 10


class Client(QuicConnectionProtocol):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.http = H3Connection(self._quic)
        self.done = asyncio.get_running_loop().create_future()
        # Whoever fails before it is waited for has said so elsewhere.
        self.done.add_done_callback(lambda it: it.cancelled() or it.exception())
        self.headers = []
        self.body = bytearray()
        self.first = None

    def quic_event_received(self, event):
        if isinstance(event, ConnectionTerminated):
            self.fail(f"the connection was closed: {event.error_code:#x} {event.reason_phrase}")
        if isinstance(event, StreamReset):
            self.fail(f"the answer was broken off: {event.error_code:#x}")
        for it in self.http.handle_event(event):
            if isinstance(it, HeadersReceived):
                self.headers += it.headers
            if isinstance(it, DataReceived) and it.data:
                self.first = self.first or time.monotonic()
                self.body += it.data
            if getattr(it, "stream_ended", False) and not self.done.done():
                self.done.set_result(None)

    def fail(self, words):
        if not self.done.done():
            self.done.set_exception(ConnectionError(words))

    async def ask(self, it):
        began = time.monotonic()
        stream = self._quic.get_next_available_stream_id()
        body = base64.b64decode(it.get("body", ""))
        method = "POST" if body else "GET"
        named = {":method": method, ":scheme": "https", ":authority": it["host"], ":path": it["target"]}
        if body:
            named["content-length"] = str(len(body))
        named.update(it["headers"])
        headers = [(name.encode(), value.encode()) for name, value in named.items()]
        self.http.send_headers(stream, headers, end_stream=not body)
        if body:
            self.http.send_data(stream, body, end_stream=True)
        self.transmit()
        await self.done
        headers = {name.decode(): value.decode() for name, value in self.headers}
        return {
            "status": int(headers[":status"]),
            "headers": headers,
            "body": self.body.decode(),
            "firstAfter": milliseconds(began, self.first or time.monotonic()),
            "lastAfter": milliseconds(began, time.monotonic()),
        }


async def answer(door, it):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=it.get("door", it["host"]))
    if door["certificate"] and not it.get("anyCertificate"):
        configuration.load_verify_locations(cadata=door["certificate"].encode())
    else:
        configuration.verify_mode = ssl.CERT_NONE

    async def whole():
        async with connect(door["address"], door["port"], configuration=configuration, create_protocol=Client) as client:
            return await client.ask(it)

    patience = it.get("patience", PATIENCE)
    try:
        return await asyncio.wait_for(whole(), patience)
    except TimeoutError:
        return {"failure": f"no answer in {patience} s"}
    except (ConnectionError, ssl.SSLError) as error:
        return {"failure": str(error) or "the connection was refused"}


def milliseconds(start, end):
    return round(1000 * (end - start))


async def main():
    asked = json.load(sys.stdin)
    answers = await asyncio.gather(*(answer(asked["door"], it) for it in asked["requests"]))
    json.dump(answers, sys.stdout)


asyncio.run(main())
