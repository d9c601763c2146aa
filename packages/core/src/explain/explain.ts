import { createDelivery, isDelivery, type Delivery, type DeliveryInit } from '../delivery.ts'
import type { KeptRequest } from '../inbox/journal.ts'
import type { Provider } from '../provider/provider.ts'
import { unknownOptions } from '../basics/unknown-options.ts'
import { createBounds } from './bounds.ts'
import { judgeCase, type Case } from './case.ts'
import { likely } from './likely.ts'
import { maskedFinding, withMasked } from './masked.ts'
import {
  finding,
  type ExplainOptions,
  type Explanation,
  type Finding,
  type Clue,
} from './finding.ts'
import { search } from './trial/search.ts'
import { isOurs, otherSenders } from './secret/senders.ts'
import type { Subject } from './subject.ts'
import { createTrial } from './trial/trial.ts'
import type { SenderSecrets } from './secret/wrong-secret.ts'

/**
 * Tells why a delivery does not verify. It undoes common mistakes, one and then two at a time, until the delivery
 * verifies: that is a proof. A mistake that loses information (a wrong secret, a truncated body) is named as likely.
 * Of several providers, the one that accepts the delivery counts, else the one whose headers the delivery has.
 *
 * It takes up to `ms` in slices: other work gets the event loop between them. It never throws for what the network sent,
 * and quotes no secret, no signature and, unless `repaired` asks for it, no payload. Secrets that are looked up are looked up once, by the provider's own function.
 *
 * @param delivery - may be what a journal kept of a refused one (`KeptRequest`): what was masked in it cannot be judged,
 * and a finding says so.
 * @throws TypeError if an option is wrong or unknown.
 * @example
 * const { findings } = await explain(delivery, stripe({ secret }))
 * findings[0] // { cause: 'secret-whitespace', certainty: 'proven', message: …, remedy: … }
 */
export async function explain(
  delivery: Delivery | (DeliveryInit & Pick<KeptRequest, 'masked'>),
  provider: Provider | readonly Provider[],
  options: ExplainOptions = {},
): Promise<Explanation> {
  unknownOptions('explain', options, [
    'catalogue',
    'now',
    'attempts',
    'ms',
    'fingerprints',
    'repaired',
  ])
  const { now = () => Date.now(), attempts = 20_000, ms = 1000, fingerprints = true } = options
  const catalogue = [...(options.catalogue?.values() ?? [])]
  for (const [name, value] of Object.entries({ attempts, ms }))
    if (!(typeof value === 'number' && value > 0))
      throw new TypeError(
        `explain: ${name} must be a number above 0, got ${String(value)}; omit it`,
      )
  const providers = [provider].flat() as readonly Provider[]
  if (providers.length === 0)
    throw new TypeError('explain: provider must be one provider or more, got none; give yours')

  const given = isDelivery(delivery) ? delivery : createDelivery(delivery)
  const bounds = createBounds(attempts, ms)
  const trial = createTrial(bounds, now())
  const cases: Case[] = []
  for (const one of providers) {
    let found: Case
    // Of several that must all accept it, the first that does not is explained.
    for (const proof of one.proofs ?? [one]) {
      found = await judgeCase(given, proof, trial, fingerprints)
      if (found.error) break
    }
    if (!found!.error) return said(found!, [])
    cases.push(found!)
  }
  const refused = cases.find((one) => one.error!.code !== 'missing_header') ?? cases[0]!
  const masked = isDelivery(delivery) ? undefined : maskedFinding(delivery.masked, refused)
  const others = await findings(refused)
  return said(refused, withMasked(others, masked))

  async function findings({
    subject,
    error,
    reads,
    time,
    provider: one,
  }: Case): Promise<Finding[]> {
    if (time.length > 0) return proven(time)
    if (!subject)
      return likely({ subject, error: error!, reads, provider: one, others: [], held: [], ms })
    const { request } = subject.state
    const missing = error!.code === 'missing_header'
    const ask = () =>
      otherSenders(request, subject.secrets?.texts ?? [], one.name, catalogue, trial, bounds)
    // A header of another sender, renamed to ours, would verify too: so the sender is checked first.
    const early = missing && !isOurs(request, reads) ? await ask() : undefined
    if (early?.verified === 1) return early.steps.map((step) => finding(step, 'proven'))
    if (early && early.verified > 1) return early.steps.map((step) => finding(step, 'likely'))
    const found = await search(subject, error!, reads, trial, bounds)
    if (found) return proven(found)
    const late = early ?? (await ask())
    if (late.verified === 1) return late.steps.map((step) => finding(step, 'proven'))
    // A likeness to another sender is no cause if a header of our sender is there.
    const others = early || late.verified > 0 ? late.steps : []
    const held = cases.flatMap((other) => heldBy(other, subject))
    return likely({ subject, error: error!, reads, provider: one, others, held, ms })
  }

  function said(found: Case, all: readonly Finding[]): Explanation {
    return {
      verdict: found.error ? 'refused' : 'accepted',
      code: found.error?.code,
      provider: found.provider.name,
      findings: all,
      stats: bounds.stats(),
      ...(options.repaired && trial.repaired && { repaired: trial.repaired }),
    }
  }
}

/** The secrets of a case, if it is of the same sender. */
function heldBy({ subject, provider }: Case, { made }: Subject): readonly SenderSecrets[] {
  const isSame = subject?.made?.factory.about.name === made?.factory.about.name
  return subject?.secrets && isSame ? [{ provider: provider.name, secrets: subject.secrets }] : []
}

function proven(steps: readonly Clue[]): Finding[] {
  const found = steps.map((step) =>
    // Only the resulting date shows that a sender signs another unit.
    finding(step, step.guessed ? 'likely' : 'proven'),
  )
  if (!steps.some(({ cause }) => cause === 'stale')) return found
  return [...found, finding(SLOW, 'possible')]
}

const SLOW: Clue = {
  cause: 'clock-skew',
  message: 'the clock of this machine may be ahead, if the sender sent the delivery just now',
  remedy: 'compare the clock with a time server',
}
