import type { PayloadMatch } from './query.ts'

// Number of nodes that one call visits, which takes some milliseconds.
const NODES = 10_000

/**
 * Makes a function that searches a payload for a value. Each call visits 10,000 nodes (values, objects and arrays), and
 * returns undefined until the result is known. In an array, any member may have the value. Each pair of a node and a
 * position in the path is visited once. Otherwise, nested arrays would double the time with each level.
 */
export function createWalk(
  payload: unknown,
  { path, text, value }: Pick<PayloadMatch, 'path' | 'text' | 'value'>,
): () => boolean | undefined {
  const visited = Array.from({ length: path.length + 1 }, () => new Set<object>())
  const open: (readonly [part: unknown, depth: number])[] = [[payload, 0]]

  return () => {
    for (let left = NODES; left > 0; left--) {
      const next = open.pop()
      if (!next) return false
      const [part, depth] = next
      if (typeof part !== 'object' || part === null) {
        if (isFound(part, depth)) return true
        continue
      }
      if (visited[depth]!.has(part)) continue
      visited[depth]!.add(part)
      if (Array.isArray(part)) {
        left -= part.length
        for (let at = part.length - 1; at >= 0; at--) open.push([part[at], depth])
        const member = path[depth]
        if (member !== undefined && /^\d+$/.test(member) && Number(member) < part.length)
          open.push([part[Number(member)], depth + 1])
      } else if (isFound(part, depth)) return true
      else if (depth < path.length && Object.hasOwn(part, path[depth]!))
        open.push([(part as Record<string, unknown>)[path[depth]!], depth + 1])
    }
    return undefined
  }

  function isFound(part: unknown, depth: number): boolean {
    return depth === path.length && (part === value || valueText(part) === text)
  }
}

/** Returns a value as text without quotes, as typed in a search. Undefined for objects and arrays. */
export function valueText(part: unknown): string | undefined {
  if (part === null) return 'null'
  if (typeof part === 'string') return part
  return typeof part === 'number' || typeof part === 'boolean' || typeof part === 'bigint'
    ? String(part)
    : undefined
}
