import { isSealed, type Arrival } from '@postern/core/inbox'
import type { Provider } from '@postern/core/scheme'
import type { ExplainReply } from '../api.ts'
import { Problem } from '../replies.ts'
import type { Context } from './api.ts'
import { arrivalOf } from './arrival.ts'

// It blocks the thread: a proof takes a millisecond at the median, and the app goes on after half a second.
const MS = 500

/** Why a delivery was refused, by the secrets of the receivers here. */
export async function explain(context: Context): Promise<ExplainReply> {
  const { query, proofs } = context
  const arrival = await arrivalOf(context, query.get('id') ?? '')
  const { receiver, kept, code = '', outcome } = arrival
  if (outcome !== 'refused') throw new Problem(409, 'not_refused', 'this delivery was not refused')
  if (!kept)
    return cannot(
      code,
      'Its body was not kept: a receiver keeps the last three of each code and second (`refusedBodies`). Wait for the next one.',
    )
  if (isSealed(arrival))
    return cannot(code, 'It is sealed: give the inspector the key, as its option `seal`.')
  const provider = explainerOf(context, arrival)
  if (!provider)
    return cannot(
      code,
      `No secret of ${receiver} is here: start with --provider and --secret, or mount the page in the app.`,
    )
  // Both are large, and few requests need them.
  const { explain: explainDelivery } = await import('@postern/core/explain')
  const { catalogue } = await import('@postern/providers/catalogue')
  const found = await explainDelivery(
    { method: arrival.method, url: kept.url, headers: kept.headers, body: kept.body },
    provider,
    { catalogue, ms: MS, now: () => arrival.at, fingerprints: false },
  )
  const proof = found.findings.find(({ certainty }) => certainty === 'proven')
  if (proof) proofs.set(JSON.stringify([receiver, code]), proof.cause)
  return {
    verdict: found.verdict,
    code: found.code ?? code,
    findings: found.findings,
    stats: found.stats,
  }
}

/** The provider whose secrets are tried: that of the receiver here, else one of the same sender. */
function explainerOf(
  { receivers, options }: Pick<Context, 'receivers' | 'options'>,
  arrival: Pick<Arrival, 'receiver' | 'provider'>,
): Provider | undefined {
  const here = receivers.find(({ name }) => name === arrival.receiver)?.provider
  return here ?? options.providers?.find(({ name }) => name === arrival.provider)
}

function cannot(code: string, why: string): ExplainReply {
  return {
    verdict: 'refused',
    code,
    findings: [],
    stats: { attempts: 0, ms: 0, stopped: false },
    cannot: why,
  }
}
