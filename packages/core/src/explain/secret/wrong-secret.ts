import type { About } from '../../provider/about.ts'
import type { Clue } from '../finding.ts'
import type { SecretsInForce } from './secrets.ts'

/** The secrets of a sender's provider: of several endpoints each has its own. */
export interface SenderSecrets {
  readonly provider: string
  readonly secrets: SecretsInForce
}

/** The secret, once nothing helped: which were tried, and which endpoints of the sender have which. */
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
    message: `no change of the delivery makes it match ${listed(names)}: the secret is that of another endpoint, app or environment`,
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

/** Which endpoints have which secret, by the option's own sentence. */
function whose(sentence: string): string {
  const holder = HOLDERS.exec(sentence)?.[1]?.toLowerCase()
  if (holder === undefined) return 'another endpoint or environment may have another'
  return SHARED.has(holder)
    ? `all endpoints of one ${holder} share it, and each ${holder} and environment has its own`
    : `each ${holder} has its own, and each environment too`
}
