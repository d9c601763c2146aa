import type { Receiver } from '@postern/core'

/** Adds the handlers. Tests call this function too. */
export function subscribe(receiver: Receiver) {
  receiver.on('push', { name: 'first' }, async (event) => {
    console.log(event.topic, event.id)
  })
}
