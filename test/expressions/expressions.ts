import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'rolldown/parseAst'

/** Regular expression and the places that contain it. */
export interface Expression {
  readonly source: string
  readonly flags: string
  readonly where: readonly string[]
}

// Leaves out explain(): it runs only when an operator asks, on lines of limited length and with a time limit.
const ASKED = 'explain/'

const root = fileURLToPath(new URL('../../', import.meta.url))

// Packages whose code processes data from the network.
const PACKAGES = ['core', 'node', 'express', 'koa', 'fastify', 'hono', 'next', 'providers'] as const

/** Returns every regular expression literal in the sources of these packages. */
export function writtenExpressions(): readonly Expression[] {
  const found = new Map<string, Expression>()
  for (const file of PACKAGES.flatMap(sourcesOf)) {
    const text = readFileSync(join(root, file), 'utf8')
    visit(parseAst(text, { lang: 'ts' }), (node) => {
      if (!node.regex) return
      const { pattern: source, flags } = node.regex
      const key = `/${source}/${flags}`
      const line = text.slice(0, node.start).split('\n').length
      const where = [...(found.get(key)?.where ?? []), `${file}:${line}`]
      found.set(key, { source, flags, where })
    })
  }
  return [...found.values()]
}

/** Returns the files that create regular expressions from strings. */
export function filesThatMakeThem(): readonly string[] {
  return PACKAGES.flatMap(sourcesOf)
    .toSorted()
    .filter((file) => /\bRegExp\(/.test(readFileSync(join(root, file), 'utf8')))
}

function sourcesOf(name: string): readonly string[] {
  return readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith(ASKED))
    .map((file) => `packages/${name}/src/${file}`)
}

interface Node {
  readonly start: number
  readonly regex?: { readonly pattern: string; readonly flags: string }
}

function visit(value: unknown, found: (node: Node) => void): void {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value) && 'start' in value) found(value as Node)
  for (const child of Object.values(value)) visit(child, found)
}
