"""Foreign text in a line that anybody may see."""

import time

import pytest

from forestflux.core.input_errors import InputError
from forestflux.core.reading.plain_text import hide_credentials, refuse_unplain

CREDENTIALS = [
    ("s3://key:secret@bucket/folder", "s3://***@bucket/folder"),
    ("s3://KEY:ab/cd+e=@bucket", "s3://***@bucket"),
    ("https://someone@host/x", "https://***@host/x"),
    ("https://host/x?sig=a%2Fb&se=1", "https://host/x?***&se=1"),
    ("az://c/x?X-Amz-Signature=00ff", "az://c/x?***"),
    ("AWS_SECRET_ACCESS_KEY=abc rest", "*** rest"),
    ("the key AKIAABCDEFGHIJKLMNOP", "the key ***"),
    (
        "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----",
        "*** PRIVATE KEY-----",
    ),
]
HARMLESS = [
    "s3://bucket/folder@2",
    "s3://bucket/a:b@2",
    "https://earthengine-highvolume.googleapis.com",
    "gs://bucket/a=b",
    "data/towers, the token of a forest",
    "user@example.org",
    "2003-01-01T00:00",
    "\u0646\u06cc\u0645\u200c\u0641\u0627\u0635\u0644\u0647",  # a joiner inside a word
    "Val\u00a0d\u2019Is\u00e8re",
]


@pytest.mark.parametrize(("text", "shown"), CREDENTIALS)
def test_what_looks_like_a_credential_is_refused_and_never_shown(text, shown):
    assert hide_credentials(text) == shown
    assert "***" in str(InputError("f", variable="v", expected="e", found=text))
    with pytest.raises(ValueError, match=r"no credentials|printable"):
        refuse_unplain(text)


@pytest.mark.parametrize("part", ["1", "a", "a:", "://", "://a:", "-----BEGIN ", "_"])
def test_long_texts_are_searched_at_once(part):
    text = part * 100_000
    started = time.process_time()
    assert hide_credentials(text) == text
    assert time.process_time() - started < 5


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays_as_it_is(text):
    assert hide_credentials(text) == text
    assert refuse_unplain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\x00b", "a\\x00b"),
        ("a\u202eb", "a\\u202eb"),
        ("a\nb", "a b"),
        ("Hyytiälä", "Hyytiälä"),
    ],
)
def test_no_control_character_reaches_a_terminal(text, shown):
    error = InputError(text, variable=text, expected=text, found=text)
    assert str(error) == f"{shown}: {shown}: expected {shown}, found {shown}"
