import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const PACKAGES = fileURLToPath(new URL('../../packages', import.meta.url))

/** Allowed circular imports. They consist of types only, in files that belong together. */
const MEANT: readonly (readonly string[])[] = [
  ['change', 'erase', 'view'].map((name) => `bullmq/src/operate/${name}.ts`),
]

type Graph = ReadonlyMap<string, readonly string[]>

test('no file imports what imports it, types included, but the few that are meant', () => {
  const circles = circlesOf(graph(true))
  const known = (circle: readonly string[]): boolean =>
    MEANT.some((meant) => circle.every((file) => meant.includes(file)))
  expect(circles.filter((circle) => !known(circle))).toEqual([])
})

test('no circle is of values', () => {
  expect(circlesOf(graph(false))).toEqual([])
})

test('a circle is found, over several files', () => {
  const files = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', []],
  ])
  expect(circlesOf(files)).toEqual([['a', 'b', 'c']])
})

/** Returns the imports of each source file from its own package. */
function graph(withTypes: boolean): Graph {
  const files = globSync('*/{src,page}/**/*.{ts,tsx}', { cwd: PACKAGES })
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(PACKAGES, file), 'utf8')
      const found = [...text.matchAll(/^(?:import|export) (type )?([^'"]*? from )?'(\.[^']*)'/gms)]
      const imported = found
        .filter(([, type, names = '']) => withTypes || !(type || isTypes(names)))
        .map(([, , , path]) => normalize(join(dirname(file), path!)))
      return [file, imported]
    }),
  )
}

/** Returns whether an import like `{ type A, type B } from` has only types. */
function isTypes(names: string): boolean {
  const [, list] = /^\{([^}]*)\} from $/s.exec(names) ?? []
  const each = list?.split(',').flatMap((name) => name.trim() || [])
  return each !== undefined && each.every((name) => name.startsWith('type '))
}

/** Returns the groups of files that import each other (Tarjan's algorithm), each sorted. */
function circlesOf(files: Graph): string[][] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const circles: string[][] = []
  for (const file of files.keys()) if (!order.has(file)) visit(file)
  return circles.toSorted(([a], [b]) => (a! < b! ? -1 : 1))

  function visit(file: string): void {
    order.set(file, order.size)
    lowest.set(file, order.get(file)!)
    open.push(file)
    for (const next of files.get(file) ?? []) {
      if (!files.has(next)) continue
      if (!order.has(next)) visit(next)
      if (open.includes(next))
        lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next) ?? order.get(next)!))
    }
    if (lowest.get(file) !== order.get(file)) return
    const circle = open.splice(open.indexOf(file))
    if (circle.length > 1) circles.push(circle.toSorted())
  }
}
