import type { Receiver } from '@postern/core'

/** What happens with events. Tests use it too. */
export function subscribe(receiver: Receiver) {
  receiver.on('push', { name: 'first' }, async (event) => {
    console.log(event.topic, event.id)
  })
}
