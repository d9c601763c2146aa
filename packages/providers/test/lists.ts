// `node packages/providers/test/lists.ts` writes `catalogue.ts` and `index.ts` from the files of `src/`. These two
// files are not in git, so each npm script, build and test run writes them.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const source = new URL('../src/', import.meta.url)
const HEAD = '// Written by `node packages/providers/test/lists.ts` from the files beside it.\n'

/** A provider's file and what it exports. */
interface File {
  readonly name: string
  readonly factory: string
  /** Exported functions that handlers can use for the provider's events. */
  readonly helpers: readonly string[]
  readonly types: readonly string[]
}

/** Returns the correct text of each of the two files, by name. */
export function wanted(): ReadonlyMap<string, string> {
  const files = readdirSync(source)
    .filter((name) => name.endsWith('.ts') && name !== 'index.ts' && name !== 'catalogue.ts')
    .toSorted((a, b) => (a.slice(0, -3) < b.slice(0, -3) ? -1 : 1))
    .map(read)
  return new Map([
    ['catalogue.ts', catalogueOf(files)],
    ['index.ts', indexOf(files)],
  ])
}

/** Returns the current text of a file, or an empty string if the file does not exist. */
export function current(file: string): string {
  try {
    return readFileSync(new URL(file, source), 'utf8')
  } catch {
    return ''
  }
}

/**
 * Writes the two files if their text is not correct. A rename replaces each file at once, since other processes may
 * read it.
 */
export function writeLists(): void {
  for (const [file, text] of wanted()) {
    if (current(file) === text) continue
    const path = fileURLToPath(new URL(file, source))
    writeFileSync(`${path}.${process.pid}`, text)
    renameSync(`${path}.${process.pid}`, path)
  }
}

function read(name: string): File {
  const text = current(name)
  const factories = [...text.matchAll(/^export const (\w+): Factory</gm)].map((match) => match[1]!)
  const types = [...text.matchAll(/^export (?:interface|type)(?: \{)? (\w+)/gm)].map(
    (match) => match[1]!,
  )
  if (factories.length !== 1)
    throw new Error(`src/${name} must export one factory, as \`export const x: Factory<…>\``)
  const helpers = [...text.matchAll(/^export \{ (\w+) \} from/gm)].map((match) => match[1]!)
  return { name, factory: factories[0]!, helpers, types }
}

function indexOf(files: readonly File[]): string {
  const lines = files.map(({ name, factory, helpers, types }) => {
    const names = [factory, ...helpers, ...types.toSorted().map((type) => `type ${type}`)].join(
      ', ',
    )
    return wrapped(`export { `, names, ` } from './${name}'`)
  })
  return [
    HEAD,
    `export { catalogue } from './catalogue.ts'\n`,
    `export type { About as CatalogueEntry } from '@postern/core/scheme'\n`,
    ...lines,
  ].join('')
}

function wrapped(before: string, names: string, after: string): string {
  const line = `${before}${names}${after}\n`
  if (line.length <= 101) return line
  return `export {\n${names
    .split(', ')
    .map((name) => `  ${name},\n`)
    .join('')}}${after.slice(2)}\n`
}

function catalogueOf(files: readonly File[]): string {
  return `${HEAD}import type { About } from '@postern/core/scheme'
${files.map(({ name, factory }) => `import { ${factory} } from './${name}'\n`).join('')}
const FACTORIES: readonly { readonly about: About }[] = [
${files.map(({ factory }) => `  ${factory},\n`).join('')}]

/**
 * Every provider by its name, for documentation, command lines and tests. It loads all of them: an app imports its
 * providers by subpath (\`@postern/providers/github\`).
 *
 * @example
 * const about = catalogue.get('github')
 * const provider = about?.create({ [about.secretOption!]: process.env.WEBHOOK_SECRET })
 */
export const catalogue: ReadonlyMap<string, About> = new Map(
  FACTORIES.map(({ about }) => [about.name, about]),
)
`
}

if (import.meta.main) writeLists()
