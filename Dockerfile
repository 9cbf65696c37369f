# The web process, the worker and the command line; compose.yaml says which.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app
WORKDIR /app

COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

COPY LICENSE ./
COPY service service
COPY db db
COPY migrations migrations

RUN useradd --system --no-create-home pricing
USER pricing

ENTRYPOINT ["python", "-m", "service"]
CMD ["--help"]
