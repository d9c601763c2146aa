import { errorText } from '../errors.ts'
import type { Inbox } from '../inbox/inbox.ts'
import { within } from '../inbox/kit/deadline.ts'
import type { Silence } from './silence.ts'

/** The state of a receiver. Times in milliseconds since 1970. */
export interface Health {
  /** True if deliveries can be taken: the receiver is open, and its inbox answers and has room. */
  readonly ok: boolean
  readonly receiver: string
  /** `ok`, or why the inbox cannot take anything. */
  readonly inbox: string
  /** Tasks that wait or run; undefined if the inbox keeps none or does not answer. */
  readonly pending: number | undefined
  /** When the oldest task that is due was due. */
  readonly oldest: number | undefined
  readonly dead: number | undefined
  /** When the last verified delivery came, as far as this process or the journal knows. */
  readonly lastDelivery: number | undefined
  /** Milliseconds without a verified delivery after which observers hear `silent`; undefined if the receiver has no `silence`. */
  readonly silence: number | undefined
}

/** The receiver as {@link health} sees it. */
export interface HealthContext {
  readonly name: string
  readonly inbox: Inbox
  readonly silence: Silence
  readonly isOpen: () => boolean
}

// A probe of Kubernetes waits for a second unless it is told otherwise.
const PATIENCE = 900

/** Asks the inbox, for less than a second. It never rejects. */
export async function health(context: HealthContext): Promise<Health> {
  const { name, inbox, silence, isOpen } = context
  const unknown = { pending: undefined, oldest: undefined, dead: undefined }
  try {
    const asked = Promise.all([figures(context), lastDelivery(context)])
    const [known, last] = await within(
      asked,
      Date.now() + PATIENCE,
      () => new Error(`${inbox.name} has not answered for ${PATIENCE} ms`),
    )
    const full = inbox.maxPending !== undefined && (known.pending ?? 0) >= inbox.maxPending
    return {
      ok: isOpen() && !full,
      receiver: name,
      inbox: full ? `full: ${known.pending} tasks of maxPending ${inbox.maxPending}` : 'ok',
      ...known,
      lastDelivery: last,
      silence: silence.limit,
    }
  } catch (error) {
    return {
      ok: false,
      receiver: name,
      inbox: errorText(error),
      ...unknown,
      lastDelivery: silence.last,
      silence: silence.limit,
    }
  }
}

async function figures({
  name,
  inbox,
}: HealthContext): Promise<Pick<Health, 'pending' | 'oldest' | 'dead'>> {
  if (!inbox.view) return { pending: undefined, oldest: undefined, dead: undefined }
  let pending = 0
  let dead = 0
  let oldest: number | undefined
  for (const lane of await inbox.view.stats()) {
    if (lane.receiver !== name) continue
    pending += lane.counts.pending + lane.counts.running
    dead += lane.counts.dead
    if (lane.oldest !== undefined) oldest = Math.min(oldest ?? Infinity, lane.oldest)
  }
  return { pending, oldest, dead }
}

async function lastDelivery({ name, inbox, silence }: HealthContext): Promise<number | undefined> {
  if (silence.last !== undefined || !inbox.journal) return silence.last
  const genuine = ['accepted', 'duplicate', 'unhandled'] as const
  const page = await inbox.journal.deliveries({ receiver: name, outcome: genuine, limit: 1 })
  return page.rows[0]?.at
}
