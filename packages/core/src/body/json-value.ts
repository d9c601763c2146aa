/** What {@link inspect} found. */
interface JsonFound {
  /** It is nested deeper than the limit. */
  deep: boolean
  /** It has a key that `dropPoison` may have to drop. */
  poison: boolean
  /** How many commas, colons, brackets and braces its JSON has at least; of one that is deep, of a part of it. */
  marks: number
}

// Recursion is a fifth faster than a list of nodes, and 256 levels fit the smallest stack.
const RECURSED = 256

/** Inspects a parsed value: its nesting, its keys and its size. */
export function inspect(value: unknown, levels: number): JsonFound {
  const found: JsonFound = { deep: false, poison: false, marks: 0 }
  if (!isObject(value)) return found
  // Inherited members are skipped: other code may have extended Object.prototype.
  const inherits = Object.keys(Object.prototype).length > 0
  inspectNode(value, Math.min(levels, RECURSED), inherits, found)
  if (!found.deep || levels <= RECURSED) return found
  return inspectByLevel(value, levels)
}

function inspectNode(node: object, levels: number, inherits: boolean, found: JsonFound): void {
  if (levels === 0) return void (found.deep = true)
  if (Array.isArray(node)) {
    found.marks += node.length || 1
    // By index, since an iterator costs several times as much on arrays of numbers.
    for (let i = 0; i < node.length; i++) {
      const item: unknown = node[i]
      if (isObject(item)) inspectNode(item, levels - 1, inherits, found)
    }
    return
  }
  let members = 0
  // `for in` is the fastest way over the members.
  for (const key in node) {
    members++
    if (isPoison(key)) found.poison = true
    const member = (node as Record<string, unknown>)[key]
    if (isObject(member) && (!inherits || Object.hasOwn(node, key)))
      inspectNode(member, levels - 1, inherits, found)
  }
  found.marks += 2 * members || 1
}

/** Any depth, without recursion: a level after the other. It stops below the last one. */
function inspectByLevel(value: object, levels: number): JsonFound {
  const found: JsonFound = { deep: false, poison: false, marks: 0 }
  let level = [value]
  for (let left = levels; level.length > 0; left--) {
    if (left === 0) return { ...found, deep: true }
    const next: object[] = []
    for (const node of level) {
      const isArray = Array.isArray(node)
      if (!isArray && Object.keys(node).some(isPoison)) found.poison = true
      const members = Object.values(node)
      found.marks += (isArray ? 1 : 2) * members.length || 1
      for (const member of members) if (isObject(member)) next.push(member)
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
