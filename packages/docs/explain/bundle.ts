// Builds the worker of the page "Explain a refusal" into public/explain: the packages as they are, with node: modules replaced.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { catalogue } from '../../providers/src/catalogue.ts'

const here = import.meta.dirname
const packages = join(here, '..', '..')
const jose = join(here, 'node', 'jose.ts')
const core = join(packages, 'core', 'src', 'index.ts')
const own = createRequire(import.meta.url)

const NODE: Readonly<Record<string, string>> = {
  'node:buffer': 'buffer',
  'node:crypto': 'crypto',
  'node:zlib': 'zlib',
  'node:querystring': 'querystring',
  '@fastify/busboy': 'busboy',
}

// What every verdict needs is one file; public keys, XML and parts of a form are chunks of their own.
const INITIAL =
  /(?:core|cli)[\\/]src[\\/]|docs[\\/]explain[\\/]|providers[\\/]src[\\/]common[\\/]|@noble[\\/]hashes|fflate|lru-cache/
const LATER = /busboy|public-keys\.ts|jose\.ts|rsa\.ts|der\.ts|xml-read|multipart\.ts/

/** Writes the chunks, all of them below `folder`. */
export async function bundleExplain(folder: string): Promise<void> {
  const build = await rolldown({
    input: { worker: join(here, 'worker.ts') },
    cwd: packages,
    platform: 'browser',
    transform: {
      target: 'es2023',
      inject: { Buffer: [join(here, 'node', 'buffer.ts'), 'Buffer'] },
      define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}' },
    },
    plugins: [
      {
        name: 'node',
        async resolveId(source, importer) {
          if (source === 'senders') return '\0senders'
          if (Object.hasOwn(NODE, source)) return join(here, 'node', `${NODE[source]!}.ts`)
          if (source.startsWith('node:')) return join(here, 'node', 'none.ts')
          // Core asks for all of it.
          if (source === 'jose')
            return importer === jose ? this.resolve(source, core, { skipSelf: true }) : jose
          // The site's own packages: those of the workspace are not asked.
          if (/^(?:@noble\/|fflate$)/.test(source)) return own.resolve(source)
          return undefined
        },
        load(id) {
          if (id !== '\0senders') return undefined
          const rows = [...catalogue.keys()].map((name) => {
            const file = join(packages, 'providers', 'src', `${name.replaceAll('.', '-')}.ts`)
            const factory = factoryOf(readFileSync(file, 'utf8'), name)
            return `${JSON.stringify(name)}: () => import(${JSON.stringify(file)}).then((m) => m.${factory}.about)`
          })
          return `export const senders = {\n${rows.join(',\n')}\n}`
        },
      },
    ],
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(log.message)
    },
  })
  await build.write({
    dir: folder,
    minify: true,
    comments: false,
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: {
      groups: [
        {
          name: 'worker',
          test: (id: string) => INITIAL.test(id) && !LATER.test(id),
        },
      ],
    },
  })
  await build.close()
}

/** The factory whose `about` has that name. */
function factoryOf(source: string, name: string): string {
  const factories = [...source.matchAll(/export (?:const|function) (\w+)[^]*?name: '([^']+)'/g)]
  const found = factories.find(([, , own]) => own === name) ?? factories[0]
  return found![1]!
}
