import { LongNumber, hasParts, valueParts, type ParsedValue } from './parse.ts'
import { STEP, lineKey, type OpenedLines } from './tree.ts'

/** Values looked at in one search: more would be felt. */
const MOST = 200_000
const MOST_FOUND = 1000

type Path = readonly (string | number)[]

/** Paths of the values whose name or text holds the words, in the order of the tree. */
export function findPaths(root: ParsedValue, words: string): readonly Path[] {
  const wanted = words.toLowerCase()
  const found: Path[] = []
  const stack: (readonly [path: Path, name: string, value: ParsedValue])[] = [[[], '', root]]
  let looked = 0
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (++looked > MOST || found.length >= MOST_FOUND) break
    const [path, name, value] = next
    const isHit = name.toLowerCase().includes(wanted) || plain(value).includes(wanted)
    if (isHit && path.length > 0) found.push(path)
    const parts = valueParts(value)
    for (let at = parts.length - 1; at >= 0; at--) {
      const [part, inner] = parts[at]!
      stack.push([[...path, part], typeof part === 'number' ? '' : part, inner])
    }
  }
  return found
}

function plain(value: ParsedValue): string {
  if (value instanceof LongNumber) return value.text
  return hasParts(value) ? '' : String(value).toLowerCase()
}

/** Opens what is around a path, so that it is seen. */
export function reveal(root: ParsedValue, path: Path, opened: OpenedLines): OpenedLines {
  const open = new Set(opened.open)
  const shown = new Map(opened.shown)
  let value: ParsedValue | undefined = root
  for (const [depth, name] of path.entries()) {
    const key = lineKey(path.slice(0, depth))
    open.add(key)
    const parts = valueParts(value!)
    const at = parts.findIndex(([part]) => part === name)
    if (at >= (shown.get(key) ?? STEP)) shown.set(key, (Math.floor(at / STEP) + 1) * STEP)
    value = parts[at]?.[1]
    if (value === undefined) break
  }
  return { open, shown }
}
