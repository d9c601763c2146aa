import { createReceiver, type Receiver } from '@postern/core'
import { catalogue } from '@postern/providers'

/** Secret of all providers in these tests. */
export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

const SENDERS = ['github', 'shopify', 'stripe', 'twilio', 'slack', 'standard-webhooks', 'svix']

/** Receivers of all providers with an official signer, and the events that their handlers got. */
export interface OfficialReceivers {
  readonly receivers: ReadonlyMap<string, Receiver>
  /** Waits for `count` events and returns them. */
  handled(count: number): Promise<readonly string[]>
}

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
