import { isCredentialName } from './judge.ts'

export const MASK = '(masked)'

/** A place in a body that is a credential, or contains one. */
export interface CredentialPlace {
  isCredential: boolean
  readonly members: Map<string, CredentialPlace>
  items: CredentialPlace | undefined
}

/** Makes the places of paths such as `passcode` and `value[].clientState`, from the top of a body. */
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

/** Makes the places of plain names, which may have any characters: fields of a form, parameters of a query. */
export function placesOfNames(names: readonly string[]): CredentialPlace {
  const top = place()
  for (const name of names) memberOf(top, name).isCredential = true
  return top
}

/** Returns the place and the places of the entries of all lists below it: an event may be one of these entries. */
export function withEntries(top: CredentialPlace): readonly CredentialPlace[] {
  return [top, ...entriesBelow(top)]
}

function entriesBelow({ members, items }: CredentialPlace): readonly CredentialPlace[] {
  const below = [...members.values()].flatMap(entriesBelow)
  return items ? [items, ...entriesBelow(items), ...below] : below
}

/** Returns a value without its credentials; the same value if it has none. */
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
 * Returns a URL with some parameters of its query changed, and the others as they were written. A user name and password are
 * removed: no sender is identified by them.
 *
 * @param change - gets a parameter as it was written, and its name; returns what is there instead, or undefined
 * for nothing.
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
  // URLSearchParams would rewrite the other parameters.
  const parts = bare.slice(start + 1, end).split('&')
  const kept = parts.flatMap((part) => change(part, nameOf(part)) ?? [])
  return bare.slice(0, start) + (kept.length > 0 ? `?${kept.join('&')}` : '') + bare.slice(end)
}

/** Returns a text with the values of credential parameters masked in its URLs. */
export function maskParameters(text: string): string {
  return text.replaceAll(/(?<=[?&])[^\s?&#=]+=[^\s?&#]*/g, (part) =>
    isCredentialName(nameOf(part)) ? `${part.split('=', 1)[0]}=${MASK}` : part,
  )
}

function nameOf(part: string): string {
  return [...new URLSearchParams(part).keys()][0] ?? ''
}
