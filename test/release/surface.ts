// Lists the names that users of each package can import or set. `npm run release -- surface` writes the list to
// surface/, and a test compares it.
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parseAst } from 'rolldown/parseAst'
import { root } from '../run/report.ts'
import { published, type Published } from './home.ts'

/** Returns the path of a package's list. */
export function surfaceFile(name: string): string {
  return join(import.meta.dirname, 'surface', `${name.replace('@postern/', '')}.txt`)
}

/** Module that users of a package can import. */
export interface Entry {
  /** Module name in an `import`. */
  readonly name: string
  readonly file: string
}

/** Returns the entries of a package. A pattern yields one entry per file. */
export function entriesOf({ folder, manifest }: Published): readonly Entry[] {
  const entries = Object.entries(manifest['exports'] as Readonly<Record<string, string | null>>)
  const closed = entries.filter(([, target]) => target === null).map(([entry]) => entry)
  return entries.flatMap(([entry, target]) => {
    if (target?.endsWith('.ts') !== true) return []
    const files = globSync(target.replace('*', '**/*'), { cwd: join(root, folder) }).sort()
    return files.flatMap((file) => {
      const name = entry.replace(
        '*',
        relative(target.split('*')[0]!, `./${file}`).slice(0, -'.ts'.length),
      )
      if (entry.includes('*') && closed.some((each) => name.startsWith(each.slice(0, -1))))
        return []
      return [{ name: manifest.name + name.slice(1), file: join(root, folder, file) }]
    })
  })
}

/** Returns every exported name of a package, by entry, with its kind and its members (for options and other shapes). */
export function surfaceOf(one: Published): string {
  const lines = entriesOf(one).flatMap(({ name, file }) => {
    const exported = [...exportsOf(file)].sort(([one], [other]) => (one < other ? -1 : 1))
    return [`# ${name}`, ...exported.map(([each, text]) => `${each}: ${text}`), '']
  })
  return lines.join('\n')
}

interface Node {
  readonly type: string
  readonly [member: string]: any
}

const parsed = new Map<string, readonly Node[]>()

function bodyOf(file: string): readonly Node[] {
  let found = parsed.get(file)
  if (found === undefined) {
    const lang = file.endsWith('x') ? 'tsx' : 'ts'
    found = parseAst(readFileSync(file, 'utf8'), { lang }, file).body as unknown as readonly Node[]
    parsed.set(file, found)
  }
  return found
}

function exportsOf(file: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const node of bodyOf(file)) {
    if (node.type === 'ExportAllDeclaration' && node['source'].value.startsWith('.'))
      for (const [name, text] of exportsOf(resolve(dirname(file), node['source'].value)))
        found.set(name, text)
    if (node.type !== 'ExportNamedDeclaration') continue
    for (const [name, text] of declared(file, node['declaration'])) found.set(name, text)
    for (const { local, exported } of node['specifiers'] as readonly Node[])
      found.set(exported.name, lookUp(file, local.name, node['source']?.value))
  }
  return found
}

/** Describes a name that is declared in this file, or imported or re-exported from another one. */
function lookUp(file: string, name: string, source: string | undefined): string {
  if (source !== undefined) {
    if (!source.startsWith('.')) return `from ${source}`
    return exportsOf(resolve(dirname(file), source)).get(name) ?? 'missing'
  }
  for (const node of bodyOf(file)) {
    if (node.type === 'ImportDeclaration')
      for (const { local, imported } of node['specifiers'] as readonly Node[])
        if (local.name === name)
          return lookUp(file, imported?.name ?? 'default', node['source'].value)
    const here = declared(file, node).find(([each]) => each === name)
    if (here) return here[1]
  }
  return 'missing'
}

function declared(
  file: string,
  node: Node | null,
): readonly (readonly [name: string, text: string])[] {
  switch (node?.type) {
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
      return [[node['id'].name, 'function']]
    case 'ClassDeclaration':
      return [[node['id'].name, 'class']]
    case 'VariableDeclaration':
      return (node['declarations'] as readonly Node[]).map(({ id }) => [id.name, 'value'])
    case 'TSInterfaceDeclaration': {
      const above = (node['extends'] as readonly Node[]).map(({ expression }) => expression.name)
      const from = above.length > 0 ? ` of ${above.join(', ')}` : ''
      return [[node['id'].name, `interface${from}${membersOf(node['body'].body)}`]]
    }
    case 'TSTypeAliasDeclaration':
      return [[node['id'].name, `type${choicesOf(file, node['typeAnnotation'])}`]]
    default:
      return []
  }
}

function membersOf(members: readonly Node[]): string {
  const names = members
    .filter(({ key }) => key?.name !== undefined || key?.value !== undefined)
    .map(({ key, optional }) => `${key.name ?? key.value}${optional === true ? '?' : ''}`)
  return names.length > 0 ? ` { ${[...new Set(names)].sort().join(', ')} }` : ''
}

/** Returns the strings of a union or of `keyof typeof` (such as states and codes), or the members of an object. */
function choicesOf(file: string, type: Node): string {
  if (type.type === 'TSTypeLiteral') return membersOf(type['members'])
  if (type.type === 'TSTypeOperator' && type['typeAnnotation'].type === 'TSTypeQuery')
    return joined(keysOf(file, type['typeAnnotation'].exprName.name))
  if (type.type !== 'TSUnionType') return ''
  return joined(
    (type['types'] as readonly Node[])
      .filter((each) => each.type === 'TSLiteralType' && typeof each['literal'].value === 'string')
      .map((each) => each['literal'].value as string),
  )
}

function keysOf(file: string, name: string): readonly string[] {
  const values = bodyOf(file).flatMap((node) => {
    const variable = node.type === 'ExportNamedDeclaration' ? node['declaration'] : node
    return variable?.type === 'VariableDeclaration'
      ? (variable['declarations'] as readonly Node[])
      : []
  })
  const value = values.find(({ id }) => id.name === name)?.['init']
  const object = value?.type === 'TSAsExpression' ? value['expression'] : value
  const properties = (object?.properties ?? []) as readonly Node[]
  return properties.flatMap(({ key }) => key?.name ?? key?.value ?? [])
}

function joined(words: readonly string[]): string {
  return words.length > 0 ? ` ${[...words].sort().join(' | ')}` : ''
}

if (import.meta.main) {
  mkdirSync(join(import.meta.dirname, 'surface'), { recursive: true })
  for (const one of published()) writeFileSync(surfaceFile(one.manifest.name), surfaceOf(one))
}
