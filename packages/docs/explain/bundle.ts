// Builds the worker of the page "Explain a rejection" into public/explain: the packages as they are, with node: modules replaced.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { catalogue } from '../../providers/src/catalogue.ts'
import { forBrowser, nodeModules } from './browser.ts'

const here = import.meta.dirname
const packages = join(here, '..', '..')

// All verdicts share one file. Public keys, XML and multipart bodies are separate chunks.
const INITIAL =
  /(?:core|cli)[\\/]src[\\/]|docs[\\/]explain[\\/]|providers[\\/]src[\\/]common[\\/]|@noble[\\/]hashes|fflate|lru-cache/
const LATER =
  /core[\\/]src[\\/]guard|busboy|public-keys\.ts|jose\.ts|rsa\.ts|der\.ts|xml-read|multipart\.ts/

/** Writes the chunks into `folder`. */
export async function bundleExplain(folder: string): Promise<void> {
  const build = await rolldown({
    input: { worker: join(here, 'worker.ts') },
    cwd: packages,
    ...forBrowser,
    plugins: [
      nodeModules,
      {
        name: 'senders',
        resolveId: (source) => (source === 'senders' ? '\0senders' : undefined),
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
