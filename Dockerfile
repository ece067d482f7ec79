# Burnish in a container: both programs and the library, as a user without rights.
#
#   docker build --build-arg VERSION="$(git describe --tags --always --dirty)" -t burnish .
#
# scripts/image-test reads the last stage and the base image's name: keep one instruction a line.

# npm brings the pinned libvips and goes no further than this stage.
FROM node:22-bookworm-slim AS libvips
WORKDIR /src
COPY scripts/libvips scripts/libvips.lock scripts/debian scripts/
RUN scripts/libvips

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=libvips /src/.cache .cache
ARG VERSION=devel
RUN make build VERSION="$VERSION" GOFLAGS=-trimpath

# libvips needs the C and C++ runtimes of glibc, and nothing else of a system.
FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=devel
LABEL org.opencontainers.image.title="Burnish"
LABEL org.opencontainers.image.description="Improves the photos of a catalogue"
LABEL org.opencontainers.image.version="$VERSION"
LABEL org.opencontainers.image.licenses="Apache-2.0 AND LGPL-3.0-or-later"
COPY --from=build /src/bin/burnish /src/bin/imager /opt/burnish/
COPY --from=build /src/bin/libvips-cpp.so.* /src/bin/versions.json /opt/burnish/
COPY --from=build /src/LICENSE /src/bin/libvips-licences.md /opt/burnish/licences/
COPY --from=build /usr/share/common-licenses/LGPL-3 /usr/share/common-licenses/GPL-3 /opt/burnish/licences/
USER 65532:65532
ENTRYPOINT ["/opt/burnish/burnish"]
