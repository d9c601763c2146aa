// Bundles the packages for a browser: with stand-ins for modules of Node.js, and for packages that few requests need.
import { join } from 'node:path'
import type { InputOptions, Plugin } from 'rolldown'

const here = import.meta.dirname
const jose = join(here, 'node', 'jose.ts')
const core = join(here, '..', '..', 'core', 'src', 'index.ts')

const NODE: Readonly<Record<string, string>> = {
  'node:buffer': 'buffer',
  'node:crypto': 'crypto',
  'node:zlib': 'zlib',
  'node:querystring': 'querystring',
  '@fastify/busboy': 'busboy',
}

/** Options of a bundle for the browser, without its input. */
export const forBrowser = {
  platform: 'browser',
  transform: {
    target: 'es2023',
    inject: { Buffer: [join(here, 'node', 'buffer.ts'), 'Buffer'] },
    define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}' },
  },
  onLog: (level, log) => {
    if (level === 'warn') throw new Error(log.message)
  },
} satisfies InputOptions

/** Resolves a module of Node.js to its stand-in. */
export const nodeModules: Plugin = {
  name: 'node',
  async resolveId(source, importer) {
    if (Object.hasOwn(NODE, source)) return join(here, 'node', `${NODE[source]!}.ts`)
    if (source.startsWith('node:')) return join(here, 'node', 'none.ts')
    // Core imports all of it.
    if (source === 'jose')
      return importer === jose ? this.resolve(source, core, { skipSelf: true }) : jose
    // Resolve them from the site's packages, not from the workspace.
    if (/^(?:@noble\/|fflate$)/.test(source))
      return this.resolve(source, import.meta.filename, { skipSelf: true })
    return undefined
  },
}
