import {
  createReceiver,
  memoryInbox,
  type EventInfo,
  type Receiver,
  type Reply,
} from '@postern/core'
import { readBounded } from '@postern/core/internal'
import type { Provider } from '@postern/core/scheme'

/** What became of one delivery in a receiver of its own. */
export interface Tried {
  readonly reply: Reply
  /** Code of the rejection, as observers heard it. */
  readonly code: string | undefined
  readonly message: string | undefined
  /** The events that were taken, in the order of the body. Each was seen to reach a handler. */
  readonly events: readonly EventInfo[]
  /** What handlers were given, in the order in which they ran. */
  readonly payloads: readonly unknown[]
}

const FOUR_DAYS = 4 * 86_400_000

/** A receiver on trial. Deliveries go in one after another. */
interface Bench {
  send(delivery: (receiver: Receiver) => Promise<Reply>): Promise<Tried>
  close(): Promise<void>
}

/** Makes a receiver that tells what becomes of each delivery, once a handler has had every event that was taken. */
export function bench(provider: Provider, now: number | undefined): Bench {
  let events: EventInfo[] = []
  let payloads: unknown[] = []
  let accepted = 0
  let handled = 0
  let code: string | undefined
  let message: string | undefined
  let settle: () => void = () => undefined
  const receiver = createReceiver({
    provider,
    inbox: memoryInbox({
      max: 1000,
      dedupeWindow: `${Math.max(FOUR_DAYS, provider.retrySpan ?? 0)}ms`,
    }),
    log: false,
    // Nobody looks at the journal of a trial: to mask and keep rejected bodies would be a fifth of its time.
    storage: { rejectedBodies: false },
    // Else each of thousands of receivers reads it from the package.json of the app.
    version: 'of a trial',
    ...(now !== undefined && { clock: { now: () => now } }),
    observers: [
      {
        accepted(event) {
          accepted++
          events.push(event)
        },
        duplicate: (event) => void events.push(event),
        rejected(_request, error) {
          code = error.code
          message = error.message
        },
      },
    ],
  })
  receiver.onAny(({ payload }) => {
    payloads.push(payload)
    if (++handled >= accepted) settle()
  })
  return {
    async send(delivery) {
      events = []
      payloads = []
      code = message = undefined
      const reply = await delivery(receiver)
      if (accepted > handled) await new Promise<void>((resolve) => (settle = resolve))
      return { reply, code, message, events, payloads }
    },
    close: () => receiver.close(),
  }
}

/** Sends one delivery through a receiver made for it. */
export async function trial(
  provider: Provider,
  now: number | undefined,
  delivery: (receiver: Receiver) => Promise<Reply>,
): Promise<Tried> {
  const one = bench(provider, now)
  try {
    return await one.send(delivery)
  } finally {
    await one.close()
  }
}

// Bytes of a reply: providers answer with a few.
const MOST = 16 * 1024 * 1024

/** A `Response` as a reply. */
export async function toReply(response: Response): Promise<Reply> {
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: new TextDecoder().decode(await readBounded(response.body, MOST)),
  }
}
