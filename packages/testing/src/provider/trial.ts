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

/** The result of one delivery to a receiver. */
export interface Tried {
  readonly reply: Reply
  /** Code of the rejection, as observers get it. Undefined if the delivery was accepted. */
  readonly code: string | undefined
  readonly message: string | undefined
  /** The accepted events, in the order of the body. Their handlers have run. */
  readonly events: readonly EventInfo[]
  /** Payloads in the order in which the handlers ran. */
  readonly payloads: readonly unknown[]
}

const FOUR_DAYS = 4 * 86_400_000

/** A delivery for `receive()`, or a function that delivers in another way. */
type Deliver = DeliveryInit | ((receiver: Receiver) => Promise<Reply>)

interface Bench {
  send(delivery: Deliver): Promise<Tried>
  close(): Promise<void>
}

/** Creates a receiver. `send` returns the result of a delivery once the handlers of its accepted events have run. */
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
    // These tests do not read the journal. Keeping rejected bodies would take a fifth of their time.
    storage: { rejectedBodies: false },
    // Without `version`, each of the thousands of receivers would read the app's package.json.
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

// Replies are much shorter than this number of bytes.
const MOST = 16 * 1024 * 1024

export async function toReply(response: Response): Promise<Reply> {
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: new TextDecoder().decode(await readBounded(response.body, MOST)),
  }
}
