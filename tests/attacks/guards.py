"""Each guard, what takes it out, and the attacks that must then succeed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard: *without* in the place of *text* in a file of the package takes it out."""

    name: str
    file: str
    text: str
    without: str
    cases: str
    """What pytest is to run, below tests/."""
    besides: tuple[str, str, str] | None = None
    """Another file, text and what takes its place: a guard behind this one, which has to be out as well."""

    @property
    def edits(self) -> tuple[tuple[str, str, str], ...]:
        """Each file, text and what takes its place."""
        first = (self.file, self.text, self.without)
        return (first, self.besides) if self.besides else (first,)


NETWORK = "attacks/network"
PROTOCOL = "attacks/protocol/test_senders.py attacks/protocol/test_answers.py"
INVITATIONS = "session/test_invitations.py attacks/protocol/test_real_strangers.py"
CLEAR, AUTHENTICATION = f"{NETWORK}/test_clear.py", f"{NETWORK}/test_authentication.py"
GATE = "session/link/test_gate.py"

GUARDS = (
    # --- G1, the stream gate ------------------------------------------------------------------------------
    Guard(
        "G1 nothing goes on without STARTTLS",
        "session/gate.py",
        "if self.phase is Phase.CLEAR and features.find(STARTTLS) is None:",
        "if False:",
        CLEAR,
    ),
    Guard(
        "G1 only what a phase knows",
        "session/gate.py",
        "if element.tag in _ALLOWED[self.phase]:\n            return True",
        "if True:\n            return True",
        f"{CLEAR} {AUTHENTICATION}",
    ),
    Guard(
        "G1 no other host",
        "session/gate.py",
        'if element.tag == ERROR and element.find(f"{{{STREAM_ERRORS}}}see-other-host") is not None:',
        "if False:",
        CLEAR,
    ),
    Guard(
        "G1 the address that was asked for",
        "session/gate.py",
        "if address.bare != self._own or (bound and address.is_bare):",
        "if False:",
        AUTHENTICATION,
    ),
    Guard(
        "G1 the session that was asked for",
        "session/gate.py",
        'if element.get("previd") != asked:',
        "if False:",
        f"{NETWORK} {GATE}",
    ),
    Guard(
        "G1 bytes of a stanza",
        "session/reader.py",
        "if size > self._limits.whole_bytes or (size > self._limits.stanza_bytes and self._depth < 2):",
        "if False:",
        f"{NETWORK}/test_resources.py",
    ),
    Guard(
        "G1 what is too long is left out",
        "session/reader.py",
        "if size > self._limits.stanza_bytes and not self._skipped:",
        "if False:",
        "attacks/xml/test_left_out.py",
    ),
    Guard(
        "G1 elements of what is left out",
        "session/reader.py",
        "if self._elements > self._limits.whole_elements:",
        "if False:",
        f"{NETWORK}/test_resources.py",
    ),
    Guard(
        "G1 depth",
        "session/reader.py",
        "if self._depth - 1 > self._limits.depth:",
        "if False:",
        f"{NETWORK}/test_resources.py {GATE}",
    ),
    Guard(
        "G1 long names",
        "session/namespaces.py",
        "if size > self._name_chars or self._new_chars > self._names_chars:",
        "if False:",
        "attacks/xml/test_names.py",
    ),
    Guard(
        "G1 the memory for names",
        "session/reader.py",
        "if self._names_chars > self._limits.names_chars:",
        "if False:",
        "attacks/xml/test_names.py",
    ),
    Guard(
        "G1 no namespace makes two names of one",
        "session/namespaces.py",
        'if "{" in namespace or "}" in namespace:',
        "if False:",
        "attacks/xml/test_left_out.py",
    ),
    Guard(
        "G1 a little in each turn",
        "session/intake.py",
        "piece = bytes(self._waiting[:_PIECE])\n            del self._waiting[:_PIECE]",
        "piece = bytes(self._waiting)\n            self._waiting.clear()",
        "session/test_intake.py",
    ),
    Guard(
        "G1 the sender waits",
        "session/intake.py",
        "self._stream.wire.hold(bool(self._waiting))",
        "self._stream.wire.hold(False)",
        "session/test_intake.py",
    ),
    Guard(
        "G1 nothing left over when the stream begins anew",
        "session/intake.py",
        "if not self._stream.sessionstarted:",
        "if False:",
        "session/test_intake.py",
    ),
    Guard(
        "G1 no DTD, comment or instruction",
        "session/reader.py",
        "        parser.StartDoctypeDeclHandler = self._forbidden\n"
        "        parser.EntityDeclHandler = self._forbidden\n",
        "",
        f"{NETWORK}/test_resources.py",
    ),
    # --- G2, SASL -----------------------------------------------------------------------------------------
    Guard(
        "G2 the server proves itself",
        "session/sasl.py",
        "if not hmac.compare_digest(signature, self._server_signature):",
        "if False:",
        AUTHENTICATION,
    ),
    Guard(
        "G2 no success without proof",
        "session/sasl.py",
        "if final is None or not self._server_signature:",
        "if False:",
        AUTHENTICATION,
    ),
    Guard(
        "G2 rounds of work",
        "session/sasl.py",
        "if not MIN_ITERATIONS <= iterations <= MAX_ITERATIONS:",
        "if False:",
        AUTHENTICATION,
    ),
    Guard(
        "G2 our nonce is in the server's",
        "session/sasl.py",
        "if not nonce.startswith(self._nonce) or len(nonce) - len(self._nonce) < _MIN_SERVER_NONCE:",
        "if False:",
        AUTHENTICATION,
    ),
    Guard(
        "G2 never weaker than before",
        "session/sasl.py",
        "if scram_before and _STRENGTH[best] < _STRENGTH[remembered] and best != accept_weaker:",
        "if False:",
        AUTHENTICATION,
    ),
    Guard(
        "G2 no PLAIN unasked",
        "session/sasl.py",
        "and (allow_plain or name != PLAIN)",
        "",
        AUTHENTICATION,
    ),
    # --- G3, who may send what ----------------------------------------------------------------------------
    Guard(
        "G3 our account speaks for itself",
        "session/guard.py",
        "return sender is None or sender == own\n\n\ndef is_archive",
        "return True\n\n\ndef is_archive",
        PROTOCOL,
    ),
    Guard(
        "G3 the archive that was asked",
        "session/guard.py",
        "return sender == archive or (archive == own and sender is None)",
        "return True",
        PROTOCOL,
    ),
    Guard(
        "G3 answers of whom we asked",
        "session/guard.py",
        'return sender == asked or (sender is None and asked == Address("", own.domain))',
        "return True",
        f"{PROTOCOL} session/test_requests.py",
    ),
    Guard(
        "G3 rooms we are in",
        "session/guard.py",
        "return known is not None and known.state in (RoomState.JOINED, RoomState.JOINING)",
        "return True",
        PROTOCOL,
    ),
    Guard(
        "G3 clear text corrects nothing that was sealed",
        "session/guard.py",
        "return original.protection not in _GUARDED or protection in _SEALED",
        "return True",
        f"{PROTOCOL} attacks/omemo",
    ),
    Guard(
        "G3 strangers do not learn that we are there",
        "session/guard.py",
        "return contact is not None and contact.subscription in _SEES_US",
        "return True",
        PROTOCOL,
    ),
    Guard(
        "G3 only so many strangers wait",
        "session/strangers.py",
        "if not is_blocked and waiting < MOST[want]:",
        "if not is_blocked:",
        "attacks/protocol/test_strangers.py",
    ),
    Guard(
        "G3 who is blocked stays away",
        "session/strangers.py",
        "is_blocked = any(self.is_blocked(one) for one in senders)",
        "is_blocked = False",
        "attacks/protocol/test_strangers.py",
    ),
    Guard(
        "G3 a contact is no stranger",
        "session/strangers.py",
        "if guard.is_contact(self._world, self._own, key.address):\n            return True",
        "if False:\n            return True",
        "attacks/protocol/test_strangers.py",
    ),
    Guard(
        "G3 a room does not speak for a contact",
        "session/features/invitations.py",
        "by = None if found.is_mediated else found.sender",
        "by = found.sender and found.sender.bare",
        "attacks/protocol/test_strangers.py",
    ),
    Guard(
        "G3 a contact is no room",
        "session/features/bookmarks.py",
        "if contact is not None and contact.subscription is not Subscription.NONE:",
        "if False:",
        PROTOCOL,
    ),
    Guard(
        "G3 only rooms pass invitations on",
        "session/features/invitations.py",
        "if room is None or room.resource or not room.local:\n        return None\n    return _Invitation(\n"
        "        room,\n        convert.address_in(invite),",
        "if room is None:\n        return None\n    return _Invitation(\n"
        "        room,\n        convert.address_in(invite),",
        INVITATIONS,
    ),
    Guard(
        "G3 a nick like another's is told",
        "core/lookalikes.py",
        "found = lookalike(nick, (known.nick, *known.occupants))",
        'found = ""',
        "ui/test_lookalikes.py attacks/protocol/test_real_rooms.py",
    ),
    # --- G4 to G6, text and terminal ----------------------------------------------------------------------
    Guard(
        "G4 controls become visible",
        "core/text.py",
        "if code < 0x20:\n        return chr(0x2400 + code)",
        "if code < 0x20:\n        return char",
        "core/test_text.py",
    ),
    Guard(
        "G4 no bidi controls",
        "core/text.py",
        "if code in _BIDI_CONTROLS or code in _TAGS:\n        return REPLACEMENT",
        "if code in _TAGS:\n        return REPLACEMENT",
        "core/test_text.py",
    ),
    Guard(
        "G4 nothing goes out that XML forbids",
        "core/text.py",
        'return _NOT_XML.sub("", text)',
        "return text",
        "attacks/xml/test_outgoing.py",
    ),
    Guard(
        "G5 the last guard takes controls out",
        "ui/terminal/guard.py",
        'return Segment(FORBIDDEN.sub("", text), _without_link(style) if bad_link else style)',
        "return Segment(text, _without_link(style) if bad_link else style)",
        "ui/test_guards.py ui/test_signs.py",
    ),
    Guard(
        "G5 links of known schemes",
        "ui/terminal/guard.py",
        'return url.lower().startswith(_SCHEMES) and FORBIDDEN.search(url) is None and " " not in url',
        "return True",
        "ui/test_guards.py ui/test_signs.py",
    ),
    Guard(
        "G5 nothing at all between a stranger and the terminal",
        "core/text.py",
        "if code < 0x20:\n        return chr(0x2400 + code)",
        "if code < 0x20:\n        return char",
        "attacks/terminal/test_sources_and_sinks.py",
        besides=(
            "ui/terminal/guard.py",
            'return Segment(FORBIDDEN.sub("", text), _without_link(style) if bad_link else style)',
            "return segment",
        ),
    ),
    Guard(
        "G5 a notification is text",
        "ui/terminal/notification.py",
        'return FORBIDDEN.sub("", clean_line(text, most))',
        "return text",
        "attacks/terminal/test_notifications.py",
    ),
    Guard(
        "G5 nobody types right behind a paste",
        "ui/terminal/replies.py",
        "self._pasted = True",
        "self._pasted = False",
        "attacks/terminal/test_pastes.py",
    ),
    Guard(
        "G6 a crash shows no values",
        "ui/guarded.py",
        "Traceback(show_locals=False, width=None)",
        "Traceback(show_locals=True, width=None)",
        "ui/test_guards.py ui/test_signs.py",
    ),
    # --- OpenPGP (G-02, G-03) -----------------------------------------------------------------------------
    Guard(
        "G-02 OpenPGP content is no more and no less than it says",
        "session/crypto/signcrypt.py",
        "if claimed != found:",
        "if False:",
        "attacks/openpgp/test_openpgp_for_xmpp.py",
    ),
    Guard(
        "G-02 nothing sealed under what is only signed",
        "session/crypto/gpg_status.py",
        "if any(key.startswith(_OF_SEALS) for key in names):",
        "if False:",
        "attacks/openpgp/test_what_is_offered.py",
    ),
    Guard(
        "G-02 what is only signed does not make a chat sealed",
        "session/unsealing.py",
        "return protection is not Protection.SIGNED",
        "return True",
        "attacks/openpgp/test_openpgp_for_xmpp.py",
    ),
    Guard(
        "G-01 presence is judged by the keys that were accepted",
        "session/crypto/signed_presence.py",
        "accepted=signed.signer in accepted",
        "accepted=bool(signed.signer)",
        "session/openpgp/test_signed_presence.py",
    ),
    # --- G7, OMEMO ----------------------------------------------------------------------------------------
    Guard(
        "G7 new devices of ours are left out",
        "session/crypto/omemo_desk.py",
        "if desk.is_sealing and device.bare_jid == desk.own:\n                return TrustLevel.DISTRUSTED",
        "if desk.is_sealing and device.bare_jid == desk.own:\n                return TrustLevel.TRUSTED",
        "attacks/omemo",
    ),
    Guard(
        "G7 at most fifty devices",
        "session/crypto/omemo_wire.py",
        "[:MOST_DEVICES]",
        "",
        "attacks/omemo",
    ),
    Guard(
        "G7 a database that was put back is noticed",
        "storage/generation.py",
        "if is_copy or beside > kept:",
        "if False:",
        "attacks/omemo/test_restored.py storage/test_generation.py",
    ),
    Guard(
        "G7 its keys are not used again",
        "session/crypto/omemo_keys.py",
        "        self._begin_anew()\n",
        "",
        "attacks/omemo/test_restored.py",
    ),
    Guard(
        "G7 a contact speaks of its own keys",
        "session/crypto/omemo_trust.py",
        "if sender in (own, one.owner)]",
        "]",
        "attacks/omemo/test_trust.py",
    ),
    Guard(
        "G7 only who is verified is believed",
        "session/crypto/omemo_trust.py",
        "if target is None or self._trust(by, fingerprint) is not Trust.VERIFIED:",
        "if target is None:",
        "attacks/omemo/test_trust.py",
    ),
    Guard(
        "G7 what the user distrusts stays so",
        "session/crypto/omemo_trust.py",
        "target.trust in (wanted, Trust.DISTRUSTED)",
        "target.trust is wanted",
        "attacks/omemo/test_trust.py",
    ),
    # --- G8, HTTP and files -------------------------------------------------------------------------------
    Guard(
        "G8 https only",
        "session/http_targets.py",
        'if parts.scheme != "https":',
        "if False:",
        "attacks/files",
    ),
    Guard(
        "G8 nothing private",
        "session/http_targets.py",
        "return address.is_global and not address.is_multicast",
        "return True",
        "attacks/files",
    ),
    Guard(
        "G8 names of files",
        "session/file_names.py",
        'name = unicodedata.normalize("NFC", name).strip().lstrip(".-_~ ").rstrip(". ")',
        'name = unicodedata.normalize("NFC", name)',
        "attacks/files",
    ),
    Guard(
        "G8 nothing that is there is written over",
        "session/file_names.py",
        "os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW",
        "os.O_CREAT | os.O_WRONLY",
        "attacks/files",
    ),
    Guard(
        "G8 the tag before the content",
        "session/aesgcm.py",
        "    _pass(source, length, key, tag, lambda _: None)\n",
        "",
        "attacks/files session/test_aesgcm.py",
    ),
    # --- G9, this machine -----------------------------------------------------------------------------
    Guard(
        "G9 others read nothing, whatever the umask",
        "storage/paths.py",
        "    os.umask(_OTHERS)\n",
        "",
        "attacks/local/test_process.py",
        besides=("cli/surroundings.py", "    os.umask(0o077)\n", ""),
    ),
    Guard(
        "G9 what was open is closed",
        "storage/paths.py",
        "if found.st_mode & _OTHERS:\n        directory.chmod",
        "if False:\n        directory.chmod",
        "attacks/local/test_files.py",
    ),
    Guard(
        "G9 no data directory is a link",
        "storage/paths.py",
        "if directory.is_symlink():",
        "if False:",
        "attacks/local/test_files.py",
    ),
    Guard(
        "G9 no file in it is a link",
        "storage/paths.py",
        "if stat.S_ISLNK(found.st_mode):",
        "if False:",
        "attacks/local/test_files.py",
    ),
    Guard(
        "G9 no core dump",
        "cli/surroundings.py",
        "    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))\n",
        "",
        "attacks/local/test_process.py",
    ),
    Guard(
        "G9 only keyrings that encrypt",
        "storage/keyring_access.py",
        "safe = [one for one in get_all_keyring() if is_allowed(type(one)) and one.priority > 0]",
        "safe = [one for one in get_all_keyring() if one.priority > 0]",
        "attacks/local/test_keyring.py storage/test_vault.py",
    ),
)
