import { bullmqInbox } from '@postern/bullmq'
import { createReceiver, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { otel } from '@postern/otel'
import { github } from '@postern/providers/github'

/**
 * Creates the receiver with its subscriptions. The web process and the worker both call this function, so both have the
 * same subscriptions. `worker: false` starts no worker here. The worker process calls `receiver.startWorker()`.
 */
export function makeReceiver(): { readonly receiver: Receiver; readonly inbox: Inbox } {
  const inbox = bullmqInbox({ connection: process.env['REDIS_URL']! })
  const receiver = createReceiver({
    provider: github({ secret: process.env['GITHUB_WEBHOOK_SECRET']! }),
    inbox,
    worker: false,
    // Both processes create spans. The worker's spans are linked to those of the delivery.
    observers: [otel()],
  })
    .on('push', { name: 'deploy', retry: { attempts: 5 } }, (event) => {
      console.log(`deploy ${event.id ?? ''}`)
    })
    .on('issues.*', { name: 'triage' }, (event, task) => {
      if (task.attempt === 1) throw new Error('the first attempt fails on purpose')
      console.log(`triage ${event.topic} ${event.id ?? ''} at attempt ${task.attempt}`)
    })
  return { receiver, inbox }
}
