import { createHash } from 'node:crypto'
import type { Made } from '../../provider/made.ts'
import type { About } from '../../provider/about.ts'
import type { Clue } from '../finding.ts'

export interface SecretsInForce {
  readonly texts: readonly string[]
  readonly option: string
  name(at: number): string
}

/**
 * Gives each secret of a provider a name for messages. With `fingerprints`, the name of a strong secret contains a
 * fingerprint.
 */
export function namedSecrets(
  provider: string,
  made: Made,
  texts: readonly string[],
  fingerprints: boolean,
): SecretsInForce {
  const option = made.factory.about.secretOption ?? 'secret'
  // Passwords and tokens can be weak, and a fingerprint helps to guess them, so they get no fingerprint.
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

// Minimum length of a secret with a fingerprint, in characters. A shorter secret can be guessed, and the fingerprint
// would confirm the guess.
const SHORTEST = 16

/**
 * Returns the first 8 hex digits of a SHA-256 over a provider's name and a secret. Show the digits only in the
 * operator's own terminal and log. Returns undefined for a secret of fewer than 16 characters.
 */
export function fingerprint(provider: string, secret: string): string | undefined {
  if (secret.length < SHORTEST) return undefined
  return createHash('sha256').update(`${provider}\0${secret}`).digest('hex').slice(0, 8)
}

/** The secrets of one provider. Each endpoint of a sender has its own secrets. */
export interface SenderSecrets {
  readonly provider: string
  readonly secrets: SecretsInForce
}

/**
 * Returns the clue for a wrong secret: which secrets were tried, and which endpoints of the sender share one secret.
 */
export function wrongSecret(
  held: readonly SenderSecrets[],
  about: About | undefined,
): Clue | undefined {
  const option = held[0]?.secrets.option ?? 'secret'
  const names = held.flatMap(({ provider, secrets }) =>
    secrets.texts.map((_, at) => secrets.name(at) + (held.length > 1 ? ` of ${provider}` : '')),
  )
  if (names.length === 0) return undefined
  const title = about?.title ?? held[0]!.provider
  const sentence = about?.options[option] ?? 'The secret of this endpoint.'
  const docs = about?.docs ? ` See ${about.docs}` : ''
  return {
    cause: 'secret-wrong',
    message: `no repair of the delivery makes it match ${listed(names)}: the secret belongs to another endpoint, app or environment`,
    remedy: `compare it with what ${title} shows for the endpoint that sent this: ${whose(sentence)}. ${option}: ${sentence}${docs}`,
  }
}

const MOST = 8

function listed(names: readonly string[]): string {
  const more = names.length - MOST
  return names.slice(0, MOST).join(' or ') + (more > 0 ? ` or ${more} more` : '')
}

const HOLDERS =
  /\b(?:of (?:the|a)(?: [\w.-]+)??|the|a) (endpoint|webhook|hook|subscription|notification destination|contact point|security policy|app|application|account|space|integration|channel)(?:'s|\b)(?! key)/i
const SHARED = new Set(['app', 'application', 'account', 'space', 'integration', 'channel'])

/** Returns which endpoints share a secret, read from the description of the provider's option. */
function whose(sentence: string): string {
  const holder = HOLDERS.exec(sentence)?.[1]?.toLowerCase()
  if (holder === undefined) return 'another endpoint or environment may have a different secret'
  return SHARED.has(holder)
    ? `all endpoints of one ${holder} share it, and each ${holder} and environment has its own`
    : `each ${holder} has its own, and each environment too`
}
