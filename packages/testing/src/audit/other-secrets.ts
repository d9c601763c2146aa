import type { About, Draft, Provider } from '@postern/core/scheme'
import { madeUpSecrets } from '@postern/samples'

/** Secrets of every form that are made up now, none of which is the right one. */
export function otherSecrets(
  about: About,
  right: unknown,
  random: () => number,
): readonly string[] {
  if (about.secretOption === undefined) return []
  const own = new Set(textsOf(right))
  return madeUpSecrets()
    .map((secret) =>
      secret.includes('of tests') ? `${secret} ${Math.floor(random() * 1e9)}` : secret,
    )
    .filter((secret) => !own.has(secret))
}

/** A provider of the same options with these secrets; undefined if they have another form than the sender's. */
export function madeWith(
  about: About,
  options: object,
  secret: string | readonly string[],
  draft: Draft,
): Provider | undefined {
  try {
    const provider = about.create({ ...options, [about.secretOption!]: secret })
    provider.sign!(draft)
    return provider
  } catch {
    return undefined
  }
}

/** The texts of a secret option. */
export function textsOf(secret: unknown): readonly string[] {
  if (typeof secret === 'string') return [secret]
  if (Array.isArray(secret)) return secret.flatMap(textsOf)
  if (typeof secret === 'object' && secret !== null && 'secret' in secret)
    return textsOf(secret.secret)
  return []
}
