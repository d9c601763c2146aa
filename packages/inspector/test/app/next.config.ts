import { fileURLToPath } from 'node:url'
import type { NextConfig } from 'next'

// The packages of the workspace are compiled with the app, from their sources.
const root = fileURLToPath(new URL('../../../..', import.meta.url))

const config: NextConfig = { turbopack: { root }, outputFileTracingRoot: root }

// Next.js wants a default export.
export default config
