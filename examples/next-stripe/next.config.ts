import { fileURLToPath } from 'node:url'
import type { NextConfig } from 'next'

// Only because this app lives in a workspace: its packages are compiled with it, from their sources.
const root = fileURLToPath(new URL('../..', import.meta.url))

const config: NextConfig = {
  output: 'standalone',
  turbopack: { root },
  outputFileTracingRoot: root,
}

export default config
