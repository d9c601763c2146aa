/**
 * Lays `changes` over `base`: plain objects are merged member by member, any other value replaces the
 * one in `base`. `undefined` changes nothing.
 *
 * @example
 * mergeDeep({ event: { type: 'message', text: '' } }, { event: { text: 'hi' } }) // keeps event.type
 */
export function mergeDeep<Base extends object>(base: Base, changes: unknown): Base {
  if (changes === undefined) return base
  return (isPlain(base) && isPlain(changes) ? merged(base, changes) : changes) as Base
}

function merged(base: object, changes: object): object {
  const members = new Map<string, unknown>(Object.entries(base))
  for (const [name, value] of Object.entries(changes)) {
    const own = members.get(name)
    members.set(name, isPlain(own) && isPlain(value) ? merged(own, value) : value)
  }
  // Not by assignment: a member named __proto__ must stay a member.
  return Object.fromEntries(members)
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
