"""Every environment variable the product reads, typed, in one place.

`.env.example` lists the same names; a test compares the two. A wrong value stops the start with the
variable's name (environs raises `EnvValidationError`, shown by `manage.py`).
"""

from __future__ import annotations

from pathlib import Path

from environs import Env

BASE_DIR = Path(__file__).resolve().parents[2]

env = Env(eager=True)
env.read_env(str(BASE_DIR / ".env"), recurse=False)

VAR_DIR = Path(env.str("PAIRLY_VAR_DIR", str(BASE_DIR / "var"))).resolve()
DEBUG = env.bool("DEBUG", False)
SHOW_DESIGN = env.bool("SHOW_DESIGN", DEBUG)
CI = env.bool("CI", False)
PAIRLY_COMMIT = env.str("PAIRLY_COMMIT", "")  # what was built, for `version`; the image sets it

# Records. The security log is one file a day, as text and as JSON lines.
SECURITY_LOG_DIR = Path(env.str("SECURITY_LOG_DIR", str(VAR_DIR / "log"))).resolve()
# Who says where a network address is (security/ip_networks.py): a dotted path.
IP_NETWORKS_PROVIDER = env.str("IP_NETWORKS_PROVIDER", "security.ip_networks.GeoIp2Fast")
METRICS_TOKEN = env.str("METRICS_TOKEN", "")  # unset: metrics are for direct requests of this machine only

# Servers. Unset means: the embedded server under VAR_DIR.
DATABASE_URL = env.str("DATABASE_URL", "")
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", "")
DATABASE_POOL_SIZE = env.int("DATABASE_POOL_SIZE", 20)
# How long a query may wait for its answer: in a process that serves people, so that every request ends within 5 s of
# PostgreSQL hanging (a second of them may be lost to Redis), and in a worker. Commands and migrations wait for ever.
DATABASE_ANSWER_SECONDS_WEB = env.float("DATABASE_ANSWER_SECONDS_WEB", 3)
DATABASE_ANSWER_SECONDS_WORKER = env.float("DATABASE_ANSWER_SECONDS_WORKER", 60)
# Behind PgBouncer in transaction pooling; older than 1.21 it knows no prepared statements.
DATABASE_POOLED = env.bool("DATABASE_POOLED", False)
DATABASE_PREPARE = env.bool("DATABASE_PREPARE", True)
REDIS_URL = env.str("REDIS_URL", "")
# `manage.py` sets this to "owner" for commands that change the schema.
DATABASE_ROLE = env.str("PAIRLY_DB_ROLE", "app")

# The web.
PORT = env.int("PORT", 8000)
PUBLIC_URL = env.str("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
CORS_ORIGINS: list[str] = env.list("CORS_ORIGINS", [])
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)
CDN_BASE_URL = env.str("CDN_BASE_URL", "")
SECURITY_CONTACT = env.str("SECURITY_CONTACT", "")  # a URI for /.well-known/security.txt, e.g. mailto:...

# The server process: how many requests run and wait at once, how long a client may take (pairly.layers.queue, .server).
REQUEST_QUEUE_RUNNING = env.int("REQUEST_QUEUE_RUNNING", 100)
REQUEST_QUEUE_WAIT_SECONDS = env.float("REQUEST_QUEUE_WAIT_SECONDS", 30.0)
REQUEST_QUEUE_WAITING_MAX = env.int("REQUEST_QUEUE_WAITING_MAX", 1_000)
SERVER_HEADERS_SECONDS = env.float("SERVER_HEADERS_SECONDS", 20.0)
SERVER_BODY_SECONDS = env.float("SERVER_BODY_SECONDS", 30.0)
SERVER_KEEP_ALIVE_SECONDS = env.float("SERVER_KEEP_ALIVE_SECONDS", 60.0)
SERVER_READER_SECONDS = env.float("SERVER_READER_SECONDS", 15.0)
SERVER_DRAIN_SECONDS = env.float("SERVER_DRAIN_SECONDS", 20.0)

# Secrets. Unset on a fresh machine means: generated once into VAR_DIR/secrets.env.
SECRET_KEY = env.str("SECRET_KEY", "")
JWT_SECRET = env.str("JWT_SECRET", "")  # "kid:secret,kid:secret": the first signs, all verify
E2E_SERVER_KEYS = env.str("E2E_SERVER_KEYS", "")  # base64url Ed25519 seeds, comma-separated: the first signs
FIELD_ENCRYPTION_KEY = env.str("FIELD_ENCRYPTION_KEY", "")
WEB_PUSH_KEY = env.str("WEB_PUSH_KEY", "")  # a P-256 private key (VAPID, RFC 8292): 32 bytes in base64url

# Payments. STRIPE_API_BASE unset together with STRIPE_SECRET_KEY means: the sandbox.
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", "")
STRIPE_PUBLISHABLE_KEY = env.str("STRIPE_PUBLISHABLE_KEY", "")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", "")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", "")
# The same for Razorpay; where only Stripe's key is set, Razorpay is not offered.
RAZORPAY_KEY_ID = env.str("RAZORPAY_KEY_ID", "")
RAZORPAY_KEY_SECRET = env.str("RAZORPAY_KEY_SECRET", "")
RAZORPAY_WEBHOOK_SECRET = env.str("RAZORPAY_WEBHOOK_SECRET", "")
RAZORPAY_API_BASE = env.str("RAZORPAY_API_BASE", "")
# Payouts: the secret of the endpoint for Stripe's thin events (unset: as the other one); our account at RazorpayX.
STRIPE_CONNECT_WEBHOOK_SECRET = env.str("STRIPE_CONNECT_WEBHOOK_SECRET", "")
RAZORPAYX_ACCOUNT_NUMBER = env.str("RAZORPAYX_ACCOUNT_NUMBER", "")
SANDBOX_PORT = env.int("SANDBOX_PORT", PORT + 1)

# Files and mail. S3_BUCKET unset means: folders under VAR_DIR, and none of the others is looked at.
S3_BUCKET = env.str("S3_BUCKET", "")
S3_REGION = env.str("S3_REGION", "")
S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", "").rstrip("/")  # of another server that speaks S3
S3_SERVER_SIDE_ENCRYPTION = env.str("S3_SERVER_SIDE_ENCRYPTION", "AES256")  # or aws:kms; empty where it is unknown
AWS_ACCESS_KEY_ID = env.str("AWS_ACCESS_KEY_ID", "")
AWS_SECRET_ACCESS_KEY = env.str("AWS_SECRET_ACCESS_KEY", "")
EMAIL_URL = env.str("EMAIL_URL", "")  # smtp://user:password@host:port; unset: files under VAR_DIR/mail
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Pairly <no-reply@pairly.example>")

# Web push: push services of one's own for trying it, as 127.0.0.1:9000. Loopback and http only.
WEB_PUSH_EXTRA_HOSTS: list[str] = env.list("WEB_PUSH_EXTRA_HOSTS", [])

# Organisations' webhooks: receivers of one's own for trying them, as localhost:9443. Loopback and https only.
WEBHOOK_EXTRA_HOSTS: list[str] = env.list("WEBHOOK_EXTRA_HOSTS", [])

# Documents: who looks at them beside us. Unset: Gemini where its key is set, otherwise OCR and rules of this machine.
DOCUMENT_VISION = env.str("DOCUMENT_VISION", "")  # gemini, openai or offline
GEMINI_API_KEY = env.str("GEMINI_API_KEY", "")
GEMINI_BASE_URL = env.str("GEMINI_BASE_URL", "").rstrip("/")  # unset: Google's
GEMINI_MODEL = env.str("GEMINI_MODEL", "gemini-2.5-flash")
OPENAI_API_KEY = env.str("OPENAI_API_KEY", "")
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", "").rstrip("/")  # of any server that speaks chat completions: .../v1
OPENAI_MODEL = env.str("OPENAI_MODEL", "")
DOCUMENT_LAYER_SECONDS = env.float("DOCUMENT_LAYER_SECONDS", 4.0)  # after which a check is unknown
TESSERACT = env.str("TESSERACT", "tesseract")  # the program that reads text, by name or path; none: empty

# Product parameters (docs: design, section 8).
PLATFORM_FEE_BASIS_POINTS = env.int("PLATFORM_FEE_BASIS_POINTS", 2_000)
PRICE_MIN_CENTI = env.int("PRICE_MIN_CENTI", 50 * 100)
PRICE_MAX_CENTI = env.int("PRICE_MAX_CENTI", 50_000 * 100)
REPLY_WINDOW_MIN_HOURS = env.int("REPLY_WINDOW_MIN_HOURS", 24)
REPLY_WINDOW_MAX_HOURS = env.int("REPLY_WINDOW_MAX_HOURS", 168)
REPLY_WINDOW_DEFAULT_HOURS = env.int("REPLY_WINDOW_DEFAULT_HOURS", 72)
UNVERIFIED_DAILY_CAP_CENTI = env.int("UNVERIFIED_DAILY_CAP_CENTI", 20_000 * 100)
EARNINGS_MATURE_DAYS = env.int("EARNINGS_MATURE_DAYS", 7)
EARNINGS_MATURE_DAYS_NEW = env.int("EARNINGS_MATURE_DAYS_NEW", 14)
NEW_CREATOR_DAYS = env.int("NEW_CREATOR_DAYS", 90)
# The reserve's share of the fees: it covers refunds and disputes of credits that were spent.
RESERVE_BASIS_POINTS = env.int("RESERVE_BASIS_POINTS", 1_000)
# Payouts: what a credit is worth in hundredths of the minor unit, from how much, and from where two people look at it.
PAYOUT_MIN_CENTI = env.int("PAYOUT_MIN_CENTI", 2_000 * 100)
PAYOUT_TWO_PEOPLE_CENTI = env.int("PAYOUT_TWO_PEOPLE_CENTI", 50_000 * 100)
PAYOUT_METHOD_LOCK_DAYS = env.int("PAYOUT_METHOD_LOCK_DAYS", 5)

# "This was not an answer" (docs/adr: frozen holds and delayed release).
DISPUTE_WINDOW_HOURS = env.int("DISPUTE_WINDOW_HOURS", 24)  # after the reply; also how late a delayed creator is paid
DISPUTE_DECIDE_DAYS = env.int("DISPUTE_DECIDE_DAYS", 14)  # then undecided credits go to the fan
DISPUTE_OPEN_MAX = env.int("DISPUTE_OPEN_MAX", 3)  # of one fan at a time
# A fan loses the right for so many days when so many, and such a share, of their last decided ones were rejected.
DISPUTE_FAN_LAST = env.int("DISPUTE_FAN_LAST", 10)
DISPUTE_FAN_REJECTED_MIN = env.int("DISPUTE_FAN_REJECTED_MIN", 3)
DISPUTE_FAN_REJECTED_PERCENT = env.int("DISPUTE_FAN_REJECTED_PERCENT", 60)
DISPUTE_FAN_PAUSE_DAYS = env.int("DISPUTE_FAN_PAUSE_DAYS", 90)
# A creator loses instant release for so many days when so many, and such a share, of their last paid replies were none.
DELAY_LAST = env.int("DELAY_LAST", 20)
DELAY_UPHELD_MIN = env.int("DELAY_UPHELD_MIN", 3)
DELAY_UPHELD_PERCENT = env.int("DELAY_UPHELD_PERCENT", 20)
DELAY_DAYS = env.int("DELAY_DAYS", 90)
# Attachments, sealed by the browser: the largest, and what one person may upload in 24 hours.
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", 25 * 1024 * 1024)
ATTACHMENT_DAILY_BYTES = env.int("ATTACHMENT_DAILY_BYTES", 500 * 1024 * 1024)
ACCESS_TOKEN_MINUTES = env.int("ACCESS_TOKEN_MINUTES", 15)
REFRESH_TOKEN_DAYS = env.int("REFRESH_TOKEN_DAYS", 7)
SESSION_ABSOLUTE_DAYS = env.int("SESSION_ABSOLUTE_DAYS", 30)
# Requests a minute: of a network that is not signed in, of an account; and how many of the former, or refused ones, a
# network may send before it is banned.
LIMIT_ANONYMOUS_PER_MINUTE = env.int("LIMIT_ANONYMOUS_PER_MINUTE", 60)
LIMIT_ACCOUNT_PER_MINUTE = env.int("LIMIT_ACCOUNT_PER_MINUTE", 300)
LIMIT_BAN_PER_MINUTE = env.int("LIMIT_BAN_PER_MINUTE", 150)
BAN_SECONDS = env.int("BAN_SECONDS", 3_600)
SOCKET_FRAMES = env.int("SOCKET_FRAMES", 20)
SOCKET_WINDOW_SECONDS = env.int("SOCKET_WINDOW_SECONDS", 10)
SOCKET_MUTE_SECONDS = env.int("SOCKET_MUTE_SECONDS", 60)
SOCKET_MUTE_MAX_SECONDS = env.int("SOCKET_MUTE_MAX_SECONDS", 15 * 60)
E2E_CLOCK_SKEW_SECONDS = env.int("E2E_CLOCK_SKEW_SECONDS", 300)
JSON_BODY_MAX_BYTES = env.int("JSON_BODY_MAX_BYTES", 1_000_000)

# How much of the demo `manage.py up` adds: the first so many people.
DEMO_CREATORS = env.int("PAIRLY_DEMO_CREATORS", 24)
DEMO_FANS = env.int("PAIRLY_DEMO_FANS", 16)
