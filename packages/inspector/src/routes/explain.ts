import { isSealed, openKept } from '@postern/core/engine'
import type { Arrival, KeptRequest, TaskDetail } from '@postern/core/inbox'
import type { Provider } from '@postern/core/scheme'
import type { ExplainReply } from '../api/detail.ts'
import { ApiProblem } from '../replies.ts'
import type { Context } from './context.ts'
import { keepProof } from '../health/proofs.ts'

// Time limit of a search for the cause, in milliseconds. The search runs in slices, so that it does not block the event
// loop. At the median, a proof needs one millisecond.
const MS = 500

/** Returns why a delivery was rejected. The search tries the secrets that this process has. */
export async function answerExplain(context: Context): Promise<ExplainReply> {
  // Visitors without `payloads` get no explanation, because a cause can reveal something about the body.
  if (!context.visitor.payloads)
    throw new ApiProblem(
      403,
      'not_allowed',
      'you may not see payloads or explanations that use them',
    )
  const id = context.query.get('id') ?? ''
  const reply = await explanationOf(context, id)
  const proof = reply.findings.find(({ certainty }) => certainty === 'proven')
  if (proof) {
    const { receiver } = await arrivalOf(context, id)
    keepProof(context.proofs, [receiver, reply.code], {
      newest: id,
      proof: { proven: proof.cause },
    })
  }
  return reply
}

/** All viewers share one answer. */
export async function explanationOf(
  context: Context,
  id: string,
  ms: number = MS,
): Promise<ExplainReply> {
  const { budget, explained } = context
  const arrival = await arrivalOf(context, id)
  const { receiver, kept, code = '', outcome, bytes } = arrival
  if (outcome !== 'rejected')
    throw new ApiProblem(409, 'not_rejected', 'this delivery was not rejected')
  if (!kept && bytes === 0)
    return cannot(
      code,
      'The headers were rejected before the body was read: the line above is all that is known.',
    )
  if (!kept)
    return cannot(
      code,
      'The body was not stored: the option storage.rejectedBodies limits how many bodies are stored per code and minute. Explain the newest rejection of this code that has a body.',
    )
  if (isSealed(arrival))
    return cannot(code, 'The delivery is encrypted: give the inspector its option encryptionKey.')
  const provider = explainerOf(context, arrival)
  if (!provider)
    return cannot(
      code,
      `No secret of ${receiver} is here: start with --provider and --secret, or mount the page in the app.`,
    )
  return explained(JSON.stringify([receiver, arrival.id]), async () => {
    budget.demand()
    const { reply, isWhole } = await look(arrival, kept, provider, ms)
    budget.charge(reply.stats.ms)
    return { answer: reply, isWhole }
  })
}

/** Searches for the cause. `isWhole` is false if the search ran out of time, because a later search may find more. */
async function look(
  arrival: Arrival,
  kept: KeptRequest,
  provider: Provider,
  ms: number,
): Promise<{ readonly reply: ExplainReply; readonly isWhole: boolean }> {
  // Both modules are imported here, since they are large and few requests need them.
  const { bodyDiff, explain: explainDelivery } = await import('@postern/core/explain')
  const { catalogue } = await import('@postern/providers/catalogue')
  const found = await explainDelivery({ method: arrival.method, ...kept }, provider, {
    catalogue,
    ms,
    now: () => arrival.at,
    fingerprints: false,
    repaired: true,
  })
  const { verdict, code = arrival.code ?? '', findings, stats, repaired } = found
  // If the stored body has masked parts, it differs from the received body, so no difference is shown.
  const diff = repaired && !kept.masked && bodyDiff(kept.body, repaired.body)
  return {
    reply: { verdict, code, findings, stats, ...(diff && { diff }) },
    isWhole: !stats.stopped,
  }
}

/**
 * Returns the provider whose secrets are tried. If the receiver is in another process, this is the provider with the
 * same name in the `providers` option.
 */
function explainerOf(
  { receivers, options }: Pick<Context, 'receivers' | 'options'>,
  arrival: Pick<Arrival, 'receiver' | 'provider'>,
): Provider | undefined {
  const here = receivers.find(({ name }) => name === arrival.receiver)?.provider
  return here ?? options.providers?.find(({ name }) => name === arrival.provider)
}

function cannot(code: string, why: string): ExplainReply {
  return {
    verdict: 'rejected',
    code,
    findings: [],
    stats: { attempts: 0, ms: 0, stopped: false },
    cannot: why,
  }
}

/**
 * Returns a delivery by its id, with headers and body if they were stored and can be decrypted. Throws an {@link
 * ApiProblem} with status 404 if the journal does not have the delivery.
 */
export async function arrivalOf(
  { inbox, seal }: Pick<Context, 'inbox' | 'seal'>,
  id: string,
): Promise<Arrival> {
  const arrival = await inbox.journal?.delivery(id)
  if (!arrival)
    throw new ApiProblem(
      404,
      'gone',
      'this delivery was deleted: the history keeps a limited number of deliveries',
    )
  if (!seal || !isSealed(arrival)) return arrival
  try {
    return openKept(seal, arrival)
  } catch {
    // The delivery was encrypted with another key, so it stays encrypted.
    return arrival
  }
}

/**
 * Returns the delivery that contained a task's event, if the journal still has the delivery. The search uses the
 * sender's event id, or the time of the delivery if the event has no id.
 */
export async function arrivalOfTask(
  { inbox }: Context,
  { receiver, event, delivery: { receivedAt } }: TaskDetail,
): Promise<Arrival | undefined> {
  const page = await inbox.journal?.deliveries({
    receiver,
    ...(event.id === undefined ? { until: receivedAt + 1 } : { eventId: event.id }),
    since: receivedAt,
    limit: 20,
    budget: 100,
  })
  const found = page?.rows.findLast((row) => row.keys.includes(event.key))
  return found && inbox.journal?.delivery(found.id)
}

/** Returns the delivery that a duplicate repeats, if the journal still has that delivery. */
export async function repeatedBy(
  { inbox }: Context,
  { id, at, receiver, outcome, ids, keys }: Arrival,
  tasks: readonly TaskDetail[],
): Promise<Pick<Arrival, 'id' | 'at'> | undefined> {
  if (outcome !== 'duplicate') return undefined
  const [eventId] = ids
  const since = tasks[0]?.delivery.receivedAt
  const page = await inbox.journal?.deliveries({
    receiver,
    outcome: 'accepted',
    ...(eventId !== undefined && { eventId }),
    ...(since !== undefined && { since }),
    until: at + 1,
    limit: 20,
    budget: 100,
  })
  const first = page?.rows.findLast(
    (row) => row.id !== id && row.keys.some((key) => keys.includes(key)),
  )
  return first && { id: first.id, at: first.at }
}
