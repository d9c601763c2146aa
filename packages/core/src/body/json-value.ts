/** What {@link inspect} found: any of these, added up. */
export const DEEP = 1
/** A key that `dropPoison` may have to drop. */
export const POISON = 2

/**
 * Inspects a parsed value: is it nested deeper than the limit, and has it a key that could poison a prototype?
 * It goes level by level without recursion, and stops below the last one.
 */
export function inspect(value: unknown, levels: number): number {
  let found = 0
  // Inherited members are skipped: other code may have extended Object.prototype.
  const inherits = Object.keys(Object.prototype).length > 0
  let level = isObject(value) ? [value] : []
  for (let left = levels; level.length > 0; left--) {
    if (left === 0) return found | DEEP
    const next: object[] = []
    // By index, since an iterator costs several times as much on arrays of numbers.
    for (let at = 0; at < level.length; at++) {
      const node = level[at]!
      if (Array.isArray(node)) {
        for (let i = 0; i < node.length; i++) {
          const item: unknown = node[i]
          if (isObject(item)) next.push(item)
        }
        continue
      }
      // `for in` is the fastest way over the members.
      for (const key in node) {
        if (key === '__proto__' || key === 'constructor') found |= POISON
        const member = (node as Record<string, unknown>)[key]
        if (isObject(member) && (!inherits || Object.hasOwn(node, key))) next.push(member)
      }
    }
    level = next
  }
  return found
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
