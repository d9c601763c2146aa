import {
  createReceiver,
  type Receiver,
  type ReceiverOptions,
  type WebhookEvent,
} from '@postern/core'
import { type Provider } from '@postern/core/scheme'

/** A receiver that accepts everything. */
export interface Accepting {
  readonly receiver: Receiver
  /** Topics and ids of what was taken, in order. */
  readonly topics: string[]
  readonly ids: (string | undefined)[]
  /** What handlers got, once all of it was handled. Closes the receiver. */
  readonly events: () => Promise<readonly WebhookEvent[]>
}

export function accepting(
  provider: Provider,
  options: Pick<ReceiverOptions, 'clock'> = {},
): Accepting {
  const topics: string[] = []
  const ids: (string | undefined)[] = []
  const events: WebhookEvent[] = []
  const receiver = createReceiver({
    provider,
    log: false,
    ...options,
    observers: [
      {
        accepted({ topic, id }) {
          topics.push(topic)
          ids.push(id)
        },
      },
    ],
  })
  receiver.onAny((event) => void events.push(event))
  return {
    receiver,
    topics,
    ids,
    events: async () => {
      await receiver.close()
      return events
    },
  }
}
