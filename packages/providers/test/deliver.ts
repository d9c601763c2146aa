import { createReceiver, type DeliveryInit, type Reply, type WebhookEvent } from '@postern/core'
import { type Provider } from '@postern/core/scheme'

/** Replies, codes and events of the deliveries to one receiver. */
export interface Delivered {
  readonly replies: readonly Reply[]
  readonly statuses: readonly number[]
  /** Codes of the rejections. */
  readonly codes: readonly string[]
  /** The events that reached the handler. */
  readonly events: readonly WebhookEvent[]
  /** `topic id` of each event; only the topic if it has no id. */
  readonly got: readonly string[]
}

/** Sends deliveries to one receiver, one after another, and waits for its handler. */
export async function deliver(
  provider: Provider,
  deliveries: readonly DeliveryInit[],
  now: number = Date.now(),
): Promise<Delivered> {
  const events: WebhookEvent[] = []
  const codes: string[] = []
  let accepted = 0
  let wake = (): void => undefined
  const receiver = createReceiver({
    provider,
    log: false,
    clock: { now: () => now },
    observers: [
      {
        accepted: () => void accepted++,
        rejected: (_request, error) => void codes.push(error.code),
      },
    ],
  })
  receiver.onAny((event) => {
    events.push(event)
    wake()
  })
  const replies: Reply[] = []
  for (const delivery of deliveries) replies.push(await receiver.receive(delivery))
  while (events.length < accepted) await new Promise<void>((resolve) => (wake = resolve))
  await receiver.close()
  const statuses = replies.map((reply) => reply.status)
  const got = events.map(({ topic, id }) => (id === undefined ? topic : `${topic} ${id}`))
  return { replies, statuses, codes, events, got }
}

/** Returns the body of a signed request as text. */
export function bodyText(signed: { readonly body: Uint8Array }): string {
  return Buffer.from(signed.body).toString('utf8')
}
