import { isCredentialName } from './judge.ts'

export const MASK = '(masked)'

/** A node in a tree of places in a body. The value at the place is a credential or may contain a credential. */
export interface CredentialPlace {
  isCredential: boolean
  readonly members: Map<string, CredentialPlace>
  items: CredentialPlace | undefined
}

/**
 * Makes the tree of places from paths such as `passcode` and `value[].clientState`, which start at the top of a body.
 */
export function placesOf(paths: readonly string[]): CredentialPlace {
  const top = place()
  for (const path of paths) {
    let at = top
    for (const part of path.split(/\.|(?=\[\])/))
      at = part === '[]' ? (at.items ??= place()) : memberOf(at, part)
    at.isCredential = true
  }
  return top
}

/** Makes the tree of places from names of form fields or parameters. Dots and brackets are normal characters. */
export function placesOfNames(names: readonly string[]): CredentialPlace {
  const top = place()
  for (const name of names) memberOf(top, name).isCredential = true
  return top
}

/**
 * Returns the place of the whole body, and the places of the entries of all lists in it. An event's payload can be such
 * an entry instead of the whole body.
 */
export function withEntries(top: CredentialPlace): readonly CredentialPlace[] {
  return [top, ...entriesBelow(top)]
}

function entriesBelow({ members, items }: CredentialPlace): readonly CredentialPlace[] {
  const below = [...members.values()].flatMap(entriesBelow)
  return items ? [items, ...entriesBelow(items), ...below] : below
}

/** Returns a value without its credentials; the value itself if it has no credentials. */
export function without(value: unknown, { members, items }: CredentialPlace): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    if (!items) return value
    return items.isCredential ? [] : value.map((item) => without(item, items))
  }
  if (![...members.keys()].some((name) => Object.hasOwn(value, name))) return value
  const kept = Object.entries(value).flatMap(([name, item]) => {
    const at = members.get(name)
    if (at?.isCredential) return []
    return [[name, at ? without(item, at) : item] as const]
  })
  return Object.fromEntries(kept)
}

function memberOf(at: CredentialPlace, name: string): CredentialPlace {
  let member = at.members.get(name)
  if (!member) at.members.set(name, (member = place()))
  return member
}

function place(): CredentialPlace {
  return { isCredential: false, members: new Map(), items: undefined }
}

/**
 * Returns a URL with some query parameters changed and the others exactly as written. A user name and password are
 * removed, since no sender uses them to authenticate.
 *
 * @param change - called with each parameter as written, and its decoded name. Returns the replacement, or undefined to
 * remove the parameter.
 */
export function withParameters(
  url: string,
  change: (part: string, name: string) => string | undefined,
): string {
  const bare = url.includes('@') ? url.replace(/^([a-z][\w+.-]*:\/\/)[^/?#]*@/i, '$1') : url
  const start = bare.indexOf('?')
  if (start < 0) return bare
  const hash = bare.indexOf('#')
  const end = hash < 0 ? bare.length : hash
  if (start > end) return bare
  // The query is split by hand, because URLSearchParams would rewrite the other parameters.
  const parts = bare.slice(start + 1, end).split('&')
  const kept = parts.flatMap((part) => change(part, nameOf(part)) ?? [])
  return bare.slice(0, start) + (kept.length > 0 ? `?${kept.join('&')}` : '') + bare.slice(end)
}

/** Returns a text in which the values of credential parameters are masked in all URLs. */
export function maskParameters(text: string): string {
  return text.replaceAll(/(?<=[?&])[^\s?&#=]+=[^\s?&#]*/g, (part) =>
    isCredentialName(nameOf(part)) ? `${part.split('=', 1)[0]}=${MASK}` : part,
  )
}

/** Returns the decoded name of a parameter of a query or form; '' without one. */
export function nameOf(part: string): string {
  return [...new URLSearchParams(part).keys()][0] ?? ''
}
