/**
 * A stand-in for an inbox or receiver while `next build` runs the module. Every member is a function that returns a
 * stand-in, so that receivers can be made with it, and nothing is opened. It is no promise.
 * Members of `own` are as they are there.
 */
export function inert(own: object = {}): object {
  // An object and not a function, since factories that were not called are functions.
  return new Proxy(own, MEMBERS)
}

const MEMBERS: ProxyHandler<object> = {
  get: (target, name) => (isOwn(target, name) ? Reflect.get(target, name) : member(name)),
  has: () => true,
}

function isOwn(target: object, name: string | symbol): boolean {
  return typeof target !== 'function' && Object.hasOwn(target, name)
}

function member(name: string | symbol): unknown {
  if (name === 'then') return undefined
  if (name === Symbol.toPrimitive) return () => 'next build'
  return new Proxy(() => {}, { ...MEMBERS, apply: () => inert() })
}
