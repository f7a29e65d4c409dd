"""The attacks, by family; each case carries its id in the name of its tests (`test_p06_…`).

Every family may use what `conftest.py` gives:

- a hostile or broken server: `async with FakeServer(honest(good)) as server:` listens on loopback and says
  what a script tells it to, byte by byte (`tests/fakes/server.py`); `authority` is whom the client trusts,
  `good` the TLS of an honest server for example.org, and `authority.issue(...)` makes others;
- stanzas without a server: `wire`, an account of ours on a scripted stream (`tests/session/wire.py`);
- a hostile peer on a real server: `await hostile(account, server)` signs in and sends raw stanzas;
- a hostile domain: `strangers`, which speaks for every address of `CROWD`, and falsely for any other.

A victim on a real server is a `Person` (`tests/server/person.py`): our own session, with its archive on disk.
"""
