import { fileURLToPath } from 'node:url'
import type { NextConfig } from 'next'

// Workspace packages are compiled with the app, from their sources.
const root = process.env['APP_ROOT'] ?? fileURLToPath(new URL('../../../..', import.meta.url))

// The template of Next.js 16 sets `cacheComponents`, so routes must mark code that belongs to a request.
const config: NextConfig = {
  turbopack: { root },
  outputFileTracingRoot: root,
  cacheComponents: true,
}

export default config
