/**
 * A stand-in for an inbox or receiver while `next build` runs the module. Every member is a function that returns a
 * stand-in, so that receivers can be made with it, and nothing is opened. It is no promise.
 */
export function inert(): object {
  // An object and not a function, since factories that were not called are functions.
  return new Proxy({}, MEMBERS)
}

const MEMBERS: ProxyHandler<object> = {
  get: (_target, name) => member(name),
  has: () => true,
}

function member(name: string | symbol): unknown {
  if (name === 'then') return undefined
  if (name === Symbol.toPrimitive) return () => 'next build'
  return new Proxy(() => {}, { ...MEMBERS, apply: () => inert() })
}
