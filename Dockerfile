# syntax=docker/dockerfile:1

# ── Build: everything, to compile ──────────────────────────────────────────────────────────────────────
FROM node:26-slim AS build
WORKDIR /app
# The manifest first, so that dependencies are installed anew only when they change. No install scripts run.
COPY package.json package-lock.json .npmrc ./
COPY toolchain ./toolchain
# Optional dependencies too: Vite's compilers are among them.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY schema ./schema
COPY web ./web
# The image brings its own Node: the one of the toolchain is left out of what runs.
RUN npm run build && npm prune --omit=dev --omit=optional --ignore-scripts

# ── Run: compiled code and production dependencies, as a user without rights ───────────────────────────
FROM node:26-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=4000 \
    DATA_DIR=/data
WORKDIR /app
RUN mkdir /data && chown node:node /data
VOLUME /data
COPY --from=build --chown=root:root /app/package.json ./
COPY --from=build --chown=root:root /app/node_modules ./node_modules
COPY --from=build --chown=root:root /app/schema ./schema
COPY --from=build --chown=root:root /app/dist ./dist
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# No shell in between: the process gets the signals of `docker stop` itself.
CMD ["node", "dist/main.js"]
