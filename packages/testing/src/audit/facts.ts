import type { About, Provider, SignaturePlace } from '@postern/core/scheme'
import { madeOf } from '@postern/core/scheme'

/** What the provider's own file says of its deliveries, as the battery asks for it. */
export interface AuditFacts {
  /** Where the signature lies, if a stranger can change it without reading the body. */
  readonly place: SignaturePlace | undefined
  /** What the signature protects of the body. */
  readonly covers: 'bytes' | 'fields' | 'none'
  /** Seconds that a signed time may be away; undefined if nothing is dated, or the sender names no bound. */
  readonly tolerance: number | undefined
  /** True if an event keeps an id over deliveries, which a draft can give. */
  readonly ids: boolean
  /** True if bodies are JSON objects. */
  readonly json: boolean
  /** Bytes of the largest body, if the sender tells. */
  readonly largest: number | undefined
  /** Milliseconds within which the sender wants its answer, if it tells. */
  readonly within: number | undefined
}

/** The facts of a provider, with what one of its deliveries shows. */
export function auditFacts(
  about: About,
  provider: Provider,
  shown: Pick<AuditFacts, 'place' | 'ids' | 'json'>,
): AuditFacts {
  const { largest, within } = about.delivers
  return {
    ...shown,
    covers: provider.covers.body,
    tolerance: toleranceOf(about, provider),
    largest: typeof largest === 'number' ? largest : undefined,
    within: typeof within === 'number' ? within : undefined,
  }
}

/** An option of the provider wins over what its page says. */
function toleranceOf(about: About, provider: Provider): number | undefined {
  if (provider.covers.timestamp !== true) return undefined
  const given = (madeOf(provider)?.options as { readonly tolerance?: unknown } | undefined)
    ?.tolerance
  if (typeof given === 'number') return given
  return typeof about.tolerance === 'number' ? about.tolerance : undefined
}
