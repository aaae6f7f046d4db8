"""Tokens that the server gives and accepts, and key files that lead to them."""

import itertools
import json
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt
from google.oauth2.credentials import Credentials

from tests.earthengine.emulator.errors import Refused

REFRESH_TOKEN = "refresh"
ACCOUNT = "reader@forests.iam.gserviceaccount.com"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Tokens:
    """Access tokens of this server.

    Attributes
    ----------
    valid : tokens that are accepted
    revoked : whether no new token is given, as when credentials have expired
    given : how many tokens were given
    address : of the endpoint that gives them
    """

    def __init__(self) -> None:
        """Accept `token`."""
        self.valid, self.revoked, self.given = {"token"}, False, 0
        self.address, self.numbers = "", itertools.count(1)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def check(self, authorization: str | None) -> None:
        """Refuse a token that is not valid.

        Raises
        ------
        Refused : with 401
        """
        token = (authorization or "").removeprefix("Bearer ")
        if token not in self.valid:
            raise Refused(
                "Request had invalid authentication credentials. Expected OAuth 2 access"
                " token, login cookie or other valid authentication credential.",
                401,
            )

    def give(self, form: str) -> tuple[int, Mapping]:
        """Status and answer of the token endpoint."""
        fields = {name: values[0] for name, values in parse_qs(form).items()}
        if self.revoked or not self.knows(fields):
            description = "Token has been expired or revoked."
            return 400, {"error": "invalid_grant", "error_description": description}
        token = f"token-{next(self.numbers)}"
        self.valid.add(token)
        self.given += 1
        return 200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}

    def knows(self, fields: Mapping[str, str]) -> bool:
        """Whether a form carries our refresh token, or a claim that our key signed."""
        if fields.get("grant_type") == "refresh_token":
            return fields.get("refresh_token") == REFRESH_TOKEN
        if fields.get("grant_type") != JWT_BEARER:
            return False
        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        try:
            claim = jwt.decode(fields["assertion"], certs=public)
        except (KeyError, ValueError):
            return False
        return claim["iss"] == ACCOUNT and claim["exp"] > time.time()

    def service_account(self, path: Path) -> Path:
        """Write the key file of a service account that this server knows."""
        secret = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        content = {
            "type": "service_account",
            "project_id": "forests",
            "private_key_id": "1",
            "private_key": secret.decode(),
            "client_email": ACCOUNT,
            "token_uri": self.address,
        }
        path.write_text(json.dumps(content))
        return path

    def user(self, token: str | None = None) -> Credentials:
        """Credentials of a user that this server renews."""
        return Credentials(
            token,
            refresh_token=REFRESH_TOKEN,
            token_uri=self.address,
            client_id="client",
            client_secret="secret",
        )
