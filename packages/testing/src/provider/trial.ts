import {
  createReceiver,
  type DeliveryInit,
  memoryInbox,
  type EventInfo,
  type Receiver,
  type Reply,
} from '@postern/core'
import { readBounded } from '@postern/core/internal'
import type { Provider } from '@postern/core/scheme'

/** Result of one delivery to a receiver. */
export interface Tried {
  readonly reply: Reply
  /** Code of the rejection, as observers get it. */
  readonly code: string | undefined
  readonly message: string | undefined
  /** Accepted events, in the order of the body. Each reached a handler. */
  readonly events: readonly EventInfo[]
  /** Payloads that handlers got, in the order of the runs. */
  readonly payloads: readonly unknown[]
}

const FOUR_DAYS = 4 * 86_400_000

/** A delivery for `receive()`, or another way to deliver. */
type Deliver = DeliveryInit | ((receiver: Receiver) => Promise<Reply>)

/** Receiver on trial. Send one delivery at a time. */
interface Bench {
  send(delivery: Deliver): Promise<Tried>
  close(): Promise<void>
}

/** Creates a receiver that returns the result of each delivery after a handler got every accepted event. */
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
    // A trial reads no journal: masking and keeping rejected bodies would use a fifth of its time.
    storage: { rejectedBodies: false },
    // Avoids a read of the app's package.json for each of thousands of receivers.
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
      const reply = await (typeof delivery === 'function'
        ? delivery(receiver)
        : receiver.receive(delivery))
      if (accepted > handled) await new Promise<void>((resolve) => (settle = resolve))
      return { reply, code, message, events, payloads }
    },
    close: () => receiver.close(),
  }
}

/** Sends one delivery to a new receiver. */
export async function trial(
  provider: Provider,
  now: number | undefined,
  delivery: Deliver,
): Promise<Tried> {
  const one = bench(provider, now)
  try {
    return await one.send(delivery)
  } finally {
    await one.close()
  }
}

export function toldOf({ reply, code, message }: Tried): string {
  return `got ${reply.status} ${code ?? ''} ${message ?? ''}`
}

// Bytes. Replies are much shorter.
const MOST = 16 * 1024 * 1024

export async function toReply(response: Response): Promise<Reply> {
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: new TextDecoder().decode(await readBounded(response.body, MOST)),
  }
}
