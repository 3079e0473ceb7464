"""Strings and entries with secrets and what is recorded of them, and what is recorded as it is.

All secrets are made up. Each is in no other row, so that a search for it finds what leaks it.
"""

import attrs

_PEM = "MIIEowIBAAKCAQEAx7\nq3Zx8Vn5hGJ0pem01\nab=="


@attrs.frozen
class SecretText:
    """A text that holds a secret.

    Attributes:
        text: As a configuration or an output has it.
        stored: As it is recorded.
        secret: What is not in the record: the secret, or the part of it that is easiest to miss.
    """

    text: str
    stored: str
    secret: str


@attrs.frozen
class SecretEntry:
    """An entry whose key makes it secret: it is recorded as ``***``.

    Attributes:
        key: Of the entry.
        value: A string.
    """

    key: str
    value: str


def _texts(*rows: tuple[str, str, str]) -> list[SecretText]:
    """Make rows of a text with ``{}`` in it, the secret there, and what is stored in its place."""
    return [
        SecretText(text.replace("{}", secret), text.replace("{}", shown), secret)
        for text, secret, shown in rows
    ]


#: Addresses.
URLS = _texts(
    ("postgresql://ann:{}@db.example.org/runs", "pa01/ss?w0rd", "***"),
    ("postgresql+psycopg://ann:{}@db.example.org/runs", "12345/pa02", "***"),
    ("mysql://ann:{}@db.example.org/runs", "pa03#w@rd", "***"),
    ("mongodb://ann:{}@host-a:27017,host-b:27017/runs", "p@04/w", "***"),
    ("mongodb+srv://ann:{}@cluster.example.net/?retryWrites=true", "p%4005", "***"),
    ("redis://:{}@cache.example.org:6379/0", "pa06word", "***"),
    ("amqp://ann@corp:{}@mq.example.org/", "pa07word", "***"),
    ("ftp://ann:{}@files.example.org/x@1.0", "pa08word", "***"),
    ("postgresql://db.example.org/runs?user=ann&password={}&sslmode=require", "pa09w0rd", "***"),
    ("mysql://db.example.org/runs?ssl_key_password={}", "pa10word", "***"),
    ("origin https://{}@git.example.org/ann/code.git (fetch)", "T0KEN11", "***"),
    ("https://{}@git.example.org/ann/code.git", "T0KEN12:x-oauth-basic", "***:***"),
    ("https://oauth2:{}@git.example.org/ann/code.git", "T0KEN13", "***"),
    ("git+https://{}@git.example.org/ann/code.git@v1.0", "T0KEN14", "***"),
    ("GET https://api.example.org/v1?token={}&page=2", "t15", "***"),
    ("https://api.example.org/#access_token={}", "t16", "***"),
    ("https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature={}", "a17f00", "***"),
    ("https://b.s3.amazonaws.com/k?X-Amz-Security-Token={}&x=1", "IQoJ18%2F", "***"),
    ("https://acc.blob.example.net/c?sv=2022&sig={}", "Zk19%3D", "***"),
    ("https://storage.example.org/b?X-Goog-Signature={}", "9f20c4e1b7a35d86", "***"),
    ("https://hooks.slack.com/services/{}", "T021/B021/XXXX", "***"),
    ("https://hooks.slack.com/workflows/{}", "T022/A022/1234/abcd", "***"),
    ("https://discord.com/api/webhooks/{}", "1023/aBc-Def", "***"),
    ("https://chat.example.org/hooks/{}", "xen8gzw24ttt7r4hcbmy65wjfe", "***"),
    ("https://acme.webhook.office.com/webhookb2/{}", "ab25@cd/IncomingWebhook/ef/01", "***"),
    (
        "https://prod-1.logic.example.com/workflows/a/triggers/manual/paths/invoke?sp=1&sig={}",
        "q26w",
        "***",
    ),
)
#: By a name before them.
NAMED = _texts(
    ("password={}", "hunter31", "***"),
    ("login failed (user=ann, password={}): retry", "hunter32", "***"),
    ("Server=db;Database=runs;User Id=ann;Password={};Encrypt=yes", "hunter33", "***"),
    ("Server=db;Uid=ann;Pwd={};", "hunter34", "***"),
    ("DefaultEndpointsProtocol=https;AccountKey={};Suffix=x", "a35+b/c==", "***"),
    ("Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey={}", "a36+b=", "***"),
    ("host=db dbname=runs user=ann password='{}' port=5432", "hunter 37", "***"),
    ('{"user": "ann", "password": "{}"}', 'hun\\"ter38', "***"),
    ("{'user': 'ann', 'passwd': '{}'}", "hunter39", "***"),
    ('"{\\"apiKey\\": \\"{}\\"}"', "hunter40", "***"),
    ("connect(password='{}', port=5432)", "hunter41", "***"),
    ("ValueError: bad credentials [('passphrase', '{}')]", "correct horse 42", "***"),
    ("passphrase: {}", "hunter43", "***"),
    ("export AWS_SECRET_ACCESS_KEY={}", "wJalr44UtnFEMI/K7MDENG/bPxRfiCYEXAMPLE", "***"),
    ("PGPASSWORD={} psql -h db", "hunter45", "***"),
    ("train.py --api-key {} --epochs 3", "hunter46", "***"),
    ("train.py --db.password={} --epochs 3", "hunter47", "***"),
    ("['train.py', '--token', '{}', '--epochs', '3']", "hunter48", "***"),
    ("os.environ['OPENAI_API_KEY'] = '{}'", "hunter49", "***"),
    ("token: {}", "a50Bc7xY", "***"),
    ("hf_token={}, repo=x", "a51Bc7xY", "***"),
    ("api_keys: ['{}', 'x']".replace("'x'", "'***'"), "hunter52", "***"),
    ("<password>{}</password>", "hunter53", "***"),
    ("clientSecret := {}", "hunter54", "***"),
)
#: By their form.
FORMS = _texts(
    ("Authorization: {}", "Token abc61", "***"),
    ("curl -H 'Authorization: {}' https://api.example.org", "Bearer abc62", "***"),
    ("sent Bearer {} to the server", "abc.def-63", "***"),
    ("sent Basic {} to the server", "YW5uOmh1bnRlcjY0", "***"),
    ("Cookie: {}", "session=abc65; theme=dark", "***"),
    ("Set-Cookie: {}", "id=abc66; HttpOnly", "***"),
    ("X-Api-Key: {}", "abc67", "***"),
    ("cloned with ghp_{}", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q768", "***"),
    ("cloned with github_pat_{}", "11ABCDEFG0a1b2c3d4e5_f669", "***"),
    ("cloned with glpat-{}", "a1B2c3D4e5F6g7H8i970", "***"),
    ("pushed with hf_{}", "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeF71", "***"),
    ("asked with sk-{}", "proj-a1B2c3D4e5F6g7H8i9J072", "***"),
    ("paid with sk_live_{}", "a1B2c3D4e5F6g7H8i9J073", "***"),
    ("posted with xoxb-{}", "123456789012-aBcDeFgHiJ74", "***"),
    ("mapped with AIza{}", "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p75", "***"),
    ("signed eyJ{}", "hbGciOiJIUzI1NiJ9.eyJzdWIiOiI3NiJ9.c2lnbmF0dXJlNzY", "***"),
    ("AKIAIOSFODNN7EXAMPLE: {}", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE77K", "***"),
    (
        "-----BEGIN RSA PRIVATE KEY-----{}-----END RSA PRIVATE KEY-----",
        f"\n{_PEM}\n",
        "***",
    ),
    ("key = '-----BEGIN PRIVATE KEY-----{}", "\\nMIIEvQIBADANBgkqhkiG9w0BAQEF79", "***"),
)
TEXTS = URLS + NAMED + FORMS
#: By their key: each is in a dictionary of its own.
ENTRIES = [
    SecretEntry(key, f"value-{number:02}-x7")
    for number, key in enumerate(
        "password passwd pwd passphrase secret token hf_token hfToken HF_TOKEN api_key apikey "
        "apiKey API-KEY api_keys aws_secret_access_key awsSecretAccessKey secret_key credentials "
        "credential dbPassword db_password DBPassword password_2 passwords access_token "
        "accessTokens auth_token bot_token private_key clientSecret client_secret authorization "
        "Cookie webhook_url MYSQL_PWD PGPASSWORD account_key signing_key".split()
    )
]
#: Strings that are recorded as they are.
ORDINARY_TEXTS = [
    "http://host:8080/a@b", "https://example.org/pkg@1.0?x=1&page=2", "git@github.com:ann/code.git",
    "ssh://git@github.com:22/ann/code.git", "postgresql://ann@db.example.org/runs",
    "mongodb://host-a:27017,host-b:27017/runs?replicaSet=rs0", "s3://bucket/folder?region=eu-1",
    "file:///data/x@y:z", "mail ann@example.org: done", "https://docs.example.org/webhooks/intro",
    "max_tokens=512", "num_tokens: 1024", "tokens/s: 12.5k", "tokens: 1.25M/s", "token: 5",
    "pad_token='<pad>'", "eos_token: '</s>'", "token_type=bearer", "token: the",
    "tokenizer=bert-base-uncased-v2", "the secretary of the tokenizers", "bearer of bad news",
    "basic training", "password:", "no password given", "monkey: banana", "keyword=argument",
    "loss=0.25 acc: 0.99 at 10:00:01", "public_key=abc123def", "primary_key: id", "x = y == z",
    "task-specific risk-averse disk-encryption-scheme-2", "-----BEGIN CERTIFICATE-----",
    "sort_key=name cache_key=ab12cd34ef56", "token_path=/home/ann/.token",
    "credentials_file: /home/ann/x.json", "9b74c9897bac770ffc029102a200c5de07777777",
    "123e4567-e89b-42d3-a456-426614174000", "secret=None", "std::token::iter",
    "a b\tc \u2028 \U0001f600",
]  # fmt: skip
#: Entries that are recorded as they are.
ORDINARY_ENTRIES = {
    "pad_token": "<pad>", "eos_token": "</s>", "bos_token": "<s>", "unk_token": "unknown",
    "mask_token": "[MASK]", "sep_token": "[SEP]", "cls_token": "[CLS]", "tokenizer": "bert",
    "special_tokens": ["<a>", "b"], "additional_special_tokens": ["c"], "token": 5,
    "max_tokens": 512, "num_tokens": 7, "token_type": "bearer", "tokens": ["the", "cat"],
    "stop_token": "\n", "placeholder_token": "<cat-toy>", "password_file": "/run/x", "key": "value",
    "keys": ["a"], "secretary": "Bob", "api_key_name": "main", "access_key_id": "minio",
    "use_password": True, "secret": None, "passwords": [], "primary_key": "id", "author": "Ann",
    "pass": 2, "cookie_policy": "strict", "compass": "north",
}  # fmt: skip
