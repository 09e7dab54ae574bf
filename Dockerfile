# Pairly's image: web, worker, beat and the commands, by the first argument of deploy/entrypoint.sh.
#   docker build --build-arg PAIRLY_COMMIT="$(git rev-parse HEAD)" -t pairly:VERSION .
# Nothing secret is in it: secrets come from the environment of the container. It runs read-only, but for /tmp and the
# folders of files (docker-compose.yml).

# -- the browser code ----------------------------------------------------------------------------------------
FROM node:22.20.0-bookworm-slim AS frontend
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend frontend
RUN npm run build

# -- the Python packages -------------------------------------------------------------------------------------
FROM python:3.11.14-slim-bookworm AS packages
# Only for packages without a wheel for this processor; not in the image that runs.
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

# -- what runs -----------------------------------------------------------------------------------------------
FROM python:3.11.14-slim-bookworm
# It reads what is printed on documents (moderation/document_checks/ocr.py).
RUN apt-get update && apt-get install -y --no-install-recommends tesseract-ocr && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 pairly && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin pairly
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PAIRLY_VAR_DIR=/srv/var \
    HOME=/tmp
WORKDIR /srv/pairly
COPY --from=packages /opt/venv /opt/venv
COPY manage.py pyproject.toml requirements.txt ./
COPY pairly pairly
COPY security security
COPY users users
COPY credits credits
COPY profiles profiles
COPY messaging messaging
COPY payments payments
COPY moderation moderation
COPY templates templates
COPY deploy deploy
COPY --from=frontend /src/frontend/dist frontend/dist
# The settings ask for secrets; collecting files uses none, and these are gone with the command.
RUN DATABASE_URL=postgres://none REDIS_URL=redis://none SECRET_KEY=none JWT_SECRET=none E2E_SERVER_KEYS=none \
    FIELD_ENCRYPTION_KEY=none STRIPE_WEBHOOK_SECRET=none WEB_PUSH_KEY=none \
    python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q pairly security users credits profiles messaging payments moderation \
    && mkdir -p /srv/var/media /srv/var/private /srv/var/log /srv/var/mail /srv/var/backups \
    && chown -R 10001:10001 /srv/var/media /srv/var/private /srv/var/log /srv/var/mail /srv/var/backups
# Last, so that another commit does not build the packages anew.
ARG PAIRLY_COMMIT=unknown
ENV PAIRLY_COMMIT=$PAIRLY_COMMIT
LABEL org.opencontainers.image.title=Pairly org.opencontainers.image.revision=$PAIRLY_COMMIT
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Alive while it answers: a restart would not bring back a database or a Redis.
HEALTHCHECK --interval=10s --timeout=12s --start-period=30s --retries=3 CMD ["deploy/entrypoint.sh", "health"]
ENTRYPOINT ["deploy/entrypoint.sh"]
CMD ["web"]
