import { createHash } from 'node:crypto'
import type { Made } from '../../provider/made.ts'

/** The secrets in force, and how findings speak of them. */
export interface SecretsInForce {
  readonly texts: readonly string[]
  /** The option that gave them: `secret`, `authToken`. */
  readonly option: string
  /** Tells a secret apart without telling it. */
  name(at: number): string
}

/** Names for the secrets of a provider, by `fingerprints` with one where a secret has one. */
export function namedSecrets(
  provider: string,
  made: Made,
  texts: readonly string[],
  fingerprints: boolean,
): SecretsInForce {
  const option = made.factory.about.secretOption ?? 'secret'
  // Passwords and tokens get no fingerprint: they can be guessed by it.
  const weak = made.scheme.covers.body === 'none' && made.scheme.head === true
  return {
    texts,
    option,
    name(at) {
      const mark = fingerprints && !weak ? fingerprint(provider, texts[at]!) : undefined
      const told = [
        ...(texts.length > 1 ? [`number ${at + 1} of ${texts.length}`] : []),
        ...(mark === undefined ? [] : [`fingerprint ${mark}`]),
      ]
      return told.length === 0 ? option : `${option} (${told.join(', ')})`
    },
  }
}

// A shorter secret can be found by trying: 32 bits of a hash tell whether a guess is right.
const SHORTEST = 16

/**
 * The first 8 hex digits of a SHA-256 over a provider's name and a secret: for the operator's own terminal and log alone.
 * Undefined for a secret of fewer than 16 characters.
 */
export function fingerprint(provider: string, secret: string): string | undefined {
  if (secret.length < SHORTEST) return undefined
  return createHash('sha256').update(`${provider}\0${secret}`).digest('hex').slice(0, 8)
}
