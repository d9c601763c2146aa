import { fileURLToPath } from 'node:url'
import type { NextConfig } from 'next'

// Only this repository needs `root`: the app is compiled together with the sources of its workspace packages.
const root = fileURLToPath(new URL('../..', import.meta.url))

const config: NextConfig = {
  output: 'standalone',
  turbopack: { root },
  outputFileTracingRoot: root,
}

export default config
