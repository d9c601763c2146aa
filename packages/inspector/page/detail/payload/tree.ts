import { hasParts, valueParts, sizeOf, type ParsedValue } from './parse.ts'

/** Parts of one value that are shown before the reader asks for more. */
export const STEP = 100

/** One line of the tree. */
export interface PayloadLine {
  /** Place in the payload: names and numbers from the outside in. */
  readonly path: readonly (string | number)[]
  /** The path as one string, unique in the tree. */
  readonly key: string
  readonly name: string | number | undefined
  readonly value: ParsedValue
  readonly isOpen: boolean
  /** Its number among its siblings, and their number. */
  readonly at: number
  readonly of: number
  /** In place of a value: how many of the parts of `path` are not shown yet. */
  readonly rest?: number
}

/** What the reader has opened: keys of lines, and how many parts are shown where that is not {@link STEP}. */
export interface OpenedLines {
  readonly open: ReadonlySet<string>
  readonly shown: ReadonlyMap<string, number>
}

export function lineKey(path: readonly (string | number)[]): string {
  return JSON.stringify(path)
}

/** The lines that are shown. It walks a stack of its own: a payload may be deeper than calls can be. */
export function linesOf(root: ParsedValue, { open, shown }: OpenedLines): readonly PayloadLine[] {
  const lines: PayloadLine[] = []
  const stack: PayloadLine[] = [lineOf([], undefined, root, open, 1, 1)]
  for (let line = stack.pop(); line !== undefined; line = stack.pop()) {
    lines.push(line)
    if (!line.isOpen || line.rest !== undefined) continue
    const size = sizeOf(line.value)
    const most = shown.get(line.key) ?? STEP
    const parts = valueParts(line.value).slice(0, most)
    if (size > most)
      stack.push({ ...line, key: `${line.key} rest`, rest: size - most, at: most + 1, of: size })
    for (let at = parts.length - 1; at >= 0; at--) {
      const [name, value] = parts[at]!
      stack.push(lineOf([...line.path, name], name, value, open, at + 1, size))
    }
  }
  return lines
}

function lineOf(
  path: readonly (string | number)[],
  name: string | number | undefined,
  value: ParsedValue,
  open: ReadonlySet<string>,
  at: number,
  of: number,
): PayloadLine {
  const key = lineKey(path)
  return { path, key, name, value, isOpen: hasParts(value) && open.has(key), at, of }
}

/** The path as code, as in `payload.items[0]["first name"]`. */
export function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, name) => {
    if (typeof name === 'number') return `${text}[${name}]`
    return /^[A-Za-z_$][\w$]*$/.test(name) ? `${text}.${name}` : `${text}[${JSON.stringify(name)}]`
  }, 'payload')
}

/** What is open at first: the outer levels, as long as they fit. */
export function openAtFirst(root: ParsedValue, most = 60): ReadonlySet<string> {
  const open = new Set<string>()
  let count = 1
  let level: readonly (readonly [path: readonly (string | number)[], value: ParsedValue])[] = [
    [[], root],
  ]
  while (level.length > 0) {
    const next: (readonly [readonly (string | number)[], ParsedValue])[] = []
    for (const [path, value] of level) {
      if (!hasParts(value)) continue
      const size = Math.min(sizeOf(value), STEP)
      if (path.length > 0 && count + size > most) return open
      count += size
      open.add(lineKey(path))
      for (const [name, part] of valueParts(value).slice(0, STEP))
        next.push([[...path, name], part])
    }
    level = next
  }
  return open
}
