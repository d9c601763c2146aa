import { createReceiver, type Receiver } from '@postern/core'
import { catalogue } from '@postern/providers'

/** The one secret of all senders here. */
export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

const SENDERS = ['github', 'shopify', 'stripe', 'twilio', 'slack', 'standard-webhooks', 'svix']

/** A receiver for each provider with an official signer, and the events their handlers got. */
export interface OfficialReceivers {
  readonly receivers: ReadonlyMap<string, Receiver>
  /** Resolves with the events once there are this many. */
  handled(count: number): Promise<readonly string[]>
}

/** Makes the {@link OfficialReceivers}. */
export function officialReceivers(): OfficialReceivers {
  const events: string[] = []
  let waiting: (() => void)[] = []
  const receivers = new Map<string, Receiver>()
  for (const name of SENDERS) {
    const entry = catalogue.get(name)!
    const receiver = createReceiver({
      provider: entry.create({ [entry.secretOption!]: secret }),
      log: false,
    })
    receiver.onAny((event) => {
      events.push(`${name} ${event.topic} ${event.id ?? ''}`)
      for (const wake of waiting) wake()
      waiting = []
    })
    receivers.set(name, receiver)
  }
  return {
    receivers,
    async handled(count) {
      while (events.length < count) await new Promise<void>((resolve) => waiting.push(resolve))
      return events
    },
  }
}
