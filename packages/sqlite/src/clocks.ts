import type { Consumer } from '@postern/core/inbox'

/** The clock of a receiver by its name; that of the machine if the receiver is not attached. */
export function clocks(consumers: readonly Consumer[]): (receiver: string) => number {
  const byName = new Map(consumers.map((consumer) => [consumer.receiver, consumer]))
  return (receiver) => Math.floor(byName.get(receiver)?.now() ?? Date.now())
}
