# Two images: `web` (web, default worker, beat: no torch) and `gpu` (the workers of the queues build and gpu).
#   docker build --target web -t touchstone .
#   docker build --target gpu --build-arg TORCH_INDEX_URL=... -t touchstone-gpu .

FROM python:3.11-slim AS packages
# Nothing is ever built: a package without a wheel is refused.
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ONLY_BINARY=:all:
RUN python -m venv /venv
COPY requirements /requirements
RUN /venv/bin/pip install --no-deps --require-hashes -r /requirements/pip.txt
RUN /venv/bin/pip install --no-deps --require-hashes -r /requirements/base.txt

FROM python:3.11-slim AS app
RUN useradd --uid 1000 --create-home touchstone && install -d -o touchstone -g touchstone /data /opt/tools
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    TOUCHSTONE_VAR=/data
WORKDIR /app
COPY . .
VOLUME /data

FROM app AS web
COPY --from=packages /venv /venv
USER touchstone
EXPOSE 8000
# How it serves: gunicorn.conf.py. Whose forwarded headers are believed: TRUSTED_PROXY.
CMD ["gunicorn", "config.wsgi:application", "--bind=0.0.0.0:8000"]

FROM packages AS ml-packages
# Which build of torch: empty takes the default of the package index.
ARG TORCH_INDEX_URL=
RUN /venv/bin/pip install ${TORCH_INDEX_URL:+--index-url ${TORCH_INDEX_URL}} -r /requirements/torch.txt
RUN /venv/bin/pip install --no-deps --require-hashes -r /requirements/base.txt -r /requirements/ml.txt

FROM app AS gpu
COPY --from=ml-packages /venv /venv
USER touchstone
ENV TOUCHSTONE_TOOLS=/opt/tools
RUN python -m deployment.servers.localserver.openmp && python -m deployment.artifacts.gguf fetch-converter
CMD ["celery", "-A", "config", "worker", "-Q", "gpu", "-n", "gpu@%h", "-c", "1", "--pool=threads", "--without-gossip", "--without-mingle"]
