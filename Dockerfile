# kdyno as an image: built with the locked dependencies, run by a user without rights.
#
#   docker build --tag kdyno:0.1.0 .
#   docker run --rm kdyno:0.1.0 run workloads/quick-test.yaml
#
# A fleet by hand, a worker on each host. The token: head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >token,
# readable for the user 65532 of the image and for nobody else (chown 65532 token; chmod 400 token).
#
#   docker run --rm --detach --name kdyno-worker --network host --cpuset-cpus 2-7 --ulimit nofile=65536:65536 \
#       --read-only --tmpfs /tmp --tmpfs /results:uid=65532 --cap-drop ALL --security-opt no-new-privileges \
#       --mount type=bind,source="$PWD/token",target=/token,readonly \
#       kdyno:0.1.0 worker --listen 0.0.0.0:9410 --token-file /token
#
# The coordinator, with a folder `results` that the user 65532 may write to:
#
#   docker run --rm --network host --ulimit nofile=65536:65536 \
#       --mount type=bind,source="$PWD/token",target=/token,readonly \
#       --mount type=bind,source="$PWD/results",target=/results \
#       --mount type=bind,source="$PWD/my",target=/my,readonly \
#       kdyno:0.1.0 run /my/workload.yaml --driver /my/driver.yaml \
#       --workers http://HOST1:9410,http://HOST2:9410 --token-file /token
#
# --network host: a bridge and its address translation would be in every latency.
# --cpuset-cpus: kdyno plans its threads on the cores it may use. A quota (--cpus) takes cores away in the middle of a
#   period instead; kdyno keeps to it and says so, but the tail is then the quota's.
# --ulimit nofile: each Kafka client holds a socket to each broker.
# --init is not needed: kdyno starts no processes, and ends by SIGTERM itself. `docker stop --timeout 60` gives a
#   coordinator the time to keep what was measured and to delete its topics.

# The toolchain of rust-toolchain.toml (scripts/fleet/test compares them) and one release of Debian for both stages: the
# binary needs the OpenSSL and the C library that it was linked with.
ARG RUST=1.95.0
ARG DEBIAN=bookworm

FROM rust:${RUST}-slim-${DEBIAN} AS build
ARG RUST
# As .ci/run does: librdkafka is built by configure and make (build-essential; perl is there with it) with the system's
# OpenSSL. No cmake, and no zlib1g-dev: without that zlib is built in.
RUN apt-get update --quiet \
    && DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends \
        build-essential pkg-config libssl-dev \
    && rm -rf /var/lib/apt/lists/*
# The toolchain that is here, without the components that only a developer needs.
ENV RUSTUP_TOOLCHAIN=${RUST}
WORKDIR /build
COPY . .
RUN grep --quiet "^channel = \"$RUST\"\$" rust-toolchain.toml \
        || { echo "RUST=$RUST is not the channel of rust-toolchain.toml" >&2; exit 1; } \
    && cargo build --release --locked --package kdyno

FROM debian:${DEBIAN}-slim
# libssl3 is what libssl-dev links with in bookworm; the certificates are for clusters with TLS.
RUN apt-get update --quiet \
    && DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends libssl3 ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 65532 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin kdyno \
    && install --directory --owner kdyno --group kdyno /results
COPY --from=build /build/target/release/kdyno /usr/local/bin/kdyno
COPY workloads /workloads
COPY configs /configs
COPY LICENSE /usr/share/doc/kdyno/LICENSE
# That every library is there is known when the image is built, not when it runs.
RUN kdyno --version
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
# Here `results`, the default folder for run directories, is /results.
WORKDIR /
ENTRYPOINT ["kdyno"]
CMD ["--help"]
