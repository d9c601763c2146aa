import { fileURLToPath } from 'node:url'
import type { NextConfig } from 'next'

// The packages of the workspace are compiled with the app, from their sources.
const root = process.env['APP_ROOT'] ?? fileURLToPath(new URL('../../../..', import.meta.url))

// As its generator has it since Next.js 16: routes must say themselves what belongs to a request.
const config: NextConfig = {
  turbopack: { root },
  outputFileTracingRoot: root,
  cacheComponents: true,
}

// Next.js wants a default export.
export default config
