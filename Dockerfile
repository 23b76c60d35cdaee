FROM python:3.13-slim AS packages
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin tiandi
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STATIC_ROOT=/srv/static
WORKDIR /srv/tiandi
COPY --from=packages /venv /venv
COPY . .
# Catalogues and hashed static files belong to the image. The keys live for this one command: settings ask for some.
RUN key() { python -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"; } \
    && SECRET_KEY=$(key) SEALING_KEYS=$(key) FINGERPRINT_KEY=$(key) ALLOWED_HOSTS=build.invalid \
    REDIS_URL=redis://build.invalid SMS_BACKEND=notifications.sms.Gateway \
    SMS_GATEWAY_URL=https://build.invalid SMS_GATEWAY_TOKEN=$(key) \
    DATABASE_URL=postgresql://nobody@build.invalid/none OWNER_DATABASE_URL=postgresql://nobody@build.invalid/none \
    python -m config.prepare
USER tiandi
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "config.wsgi:application"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
