import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'rolldown/parseAst'

/** A regular expression and the places that have it. */
export interface Expression {
  readonly source: string
  readonly flags: string
  readonly where: readonly string[]
}

// explain() runs when an operator asks, on lines of bounded length, and stops at a time of its own.
const ASKED = 'explain/'

const root = fileURLToPath(new URL('../../', import.meta.url))

// Their code sees what the network sends.
const PACKAGES = ['core', 'node', 'express', 'koa', 'fastify', 'hono', 'next', 'providers'] as const

/** Every regular expression that the sources of these packages write down. */
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

/** Files that make regular expressions of texts. */
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
