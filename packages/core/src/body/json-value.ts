/** What {@link inspect} found: any of these, added up. */
export const DEEP = 1
/** A key that `dropPoison` may have to drop. */
export const POISON = 2

// Recursion is a fifth faster than a list of nodes, and 256 levels fit the smallest stack.
const RECURSED = 256

/** Inspects a parsed value: is it nested deeper than the limit, and has it a key that could poison a prototype? */
export function inspect(value: unknown, levels: number): number {
  if (!isObject(value)) return 0
  if (levels > RECURSED) return inspectByLevel(value, levels)
  // Inherited members are skipped: other code may have extended Object.prototype.
  const inherits = Object.keys(Object.prototype).length > 0
  return inspectNode(value, levels, inherits)
}

function inspectNode(node: object, levels: number, inherits: boolean): number {
  if (levels === 0) return DEEP
  let found = 0
  if (Array.isArray(node)) {
    // By index, since an iterator costs several times as much on arrays of numbers.
    for (let i = 0; i < node.length; i++) {
      const item: unknown = node[i]
      if (isObject(item)) found |= inspectNode(item, levels - 1, inherits)
    }
    return found
  }
  // `for in` is the fastest way over the members.
  for (const key in node) {
    if (isPoison(key)) found |= POISON
    const member = (node as Record<string, unknown>)[key]
    if (isObject(member) && (!inherits || Object.hasOwn(node, key)))
      found |= inspectNode(member, levels - 1, inherits)
  }
  return found
}

/** Any depth, without recursion: a level after the other. It stops below the last one. */
function inspectByLevel(value: object, levels: number): number {
  let found = 0
  let level = [value]
  for (let left = levels; level.length > 0; left--) {
    if (left === 0) return found | DEEP
    const next: object[] = []
    for (const node of level) {
      if (!Array.isArray(node) && Object.keys(node).some(isPoison)) found |= POISON
      for (const member of Object.values(node)) if (isObject(member)) next.push(member)
    }
    level = next
  }
  return found
}

function isPoison(key: string): boolean {
  return key === '__proto__' || key === 'constructor'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
