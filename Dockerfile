# The static binary and nothing else: no shell, no package manager, no root.
# The image itself has no base (scratch). What builds it is a tag here, because a digest has to be looked up where there is
# a registry: GO_IMAGE=golang:1.26@sha256:… pins it.
ARG GO_IMAGE=golang:1.26
FROM --platform=$BUILDPLATFORM $GO_IMAGE AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=development
ARG COMMIT=unknown
# Set by the engine, from --platform or the machine. A default here would win over it, and amd64's binary would be in all.
ARG TARGETARCH
# nodemo: the sandbox, whose login service lets everybody in, stays out.
RUN VERSION="$VERSION" COMMIT="$COMMIT" scripts/build "$TARGETARCH" /out/portal && mkdir -p /out/data

FROM scratch
ARG VERSION=development
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="portal" \
      org.opencontainers.image.description="Self-service portal for secrets of Maia" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT"
# Certificates, to trust the provider and Maia. A private CA goes there too, or into SSL_CERT_FILE.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/portal /portal
# A volume that is mounted here takes over the owner of this folder.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
# The database is portal.db in here, unless PORTAL_DATABASE_URL or its file names another one: a variable that were set
# here would stand in the way of the file.
WORKDIR /data
ENV PORTAL_LISTEN=0.0.0.0:8080
EXPOSE 8080
VOLUME /data
# Liveness only: a container must not be restarted because the provider is down.
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s CMD ["/portal", "healthcheck"]
ENTRYPOINT ["/portal"]
CMD ["serve"]
