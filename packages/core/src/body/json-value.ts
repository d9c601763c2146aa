/** What {@link inspect} found: any of these, added up. */
export const DEEP = 1
/** A key that `dropPoison` may have to drop. */
export const POISON = 2

/**
 * Looks a parsed value over: is it nested deeper than so many levels, and has it a key that could poison a prototype?
 * It walks by recursion, so `levels` must be few.
 */
export function inspect(value: unknown, levels: number): number {
  return typeof value === 'object' && value !== null ? look(value, levels) : 0
}

function look(node: object, levels: number): number {
  if (levels === 0) return DEEP
  let found = 0
  if (Array.isArray(node)) {
    for (const item of node as readonly unknown[])
      if (typeof item === 'object' && item !== null) found |= look(item, levels - 1)
    return found
  }
  // Of all ways over the members this one costs least; what others put on Object.prototype is not ours to follow.
  for (const key in node) {
    if (key === '__proto__' || key === 'constructor') found |= POISON
    const member = (node as Record<string, unknown>)[key]
    if (typeof member === 'object' && member !== null && Object.hasOwn(node, key))
      found |= look(member, levels - 1)
  }
  return found
}
