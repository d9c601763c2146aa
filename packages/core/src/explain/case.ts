import { loadXml } from '../body/xml/xml.ts'
import type { Delivery } from '../delivery.ts'
import { toWebhookError, type WebhookError } from '../errors.ts'
import type { Provider } from '../provider/provider.ts'
import type { Clue } from './finding.ts'
import type { Reads } from './trial/recording.ts'
import { subjectOf, type Subject } from './subject.ts'
import type { Trial } from './trial/trial.ts'

/** One provider's judgement of the delivery as it came. */
export interface Case {
  /** Undefined if its secrets cannot be had. */
  readonly subject: Subject | undefined
  readonly provider: Provider
  /** Undefined if the delivery is accepted. */
  readonly error: WebhookError | undefined
  readonly reads: Reads
  /** What another clock proves. */
  readonly time: readonly Clue[]
}

/** Judges a delivery by one provider. */
export async function judgeCase(
  delivery: Delivery,
  provider: Provider,
  trial: Trial,
  fingerprints: boolean,
): Promise<Case> {
  const nothing: Reads = { headers: new Set(), url: false, body: false, method: false }
  if (provider.xml === true || provider.formats?.includes('xml')) await loadXml()
  let subject: Subject
  try {
    subject = await subjectOf(delivery, provider, fingerprints)
  } catch (error) {
    const thrown = toWebhookError(error, 'secret_unavailable')
    return { subject: undefined, provider, error: thrown, reads: nothing, time: [] }
  }
  const looked = await trial.look(subject.state)
  if (!looked) return { subject, provider, error: undefined, reads: nothing, time: [] }
  const { outcome, reads } = looked
  const error =
    !outcome.accepted && (await isGreeted(delivery, provider)) ? undefined : outcome.error
  return { subject, provider, error, reads, time: outcome.accepted ? outcome.steps : [] }
}

// A challenge is answered without a signature.
async function isGreeted(delivery: Delivery, provider: Provider): Promise<boolean> {
  try {
    return (await provider.greet?.(delivery, Date.now)) !== undefined
  } catch {
    return false
  }
}
