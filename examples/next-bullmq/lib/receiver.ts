import { bullmqInbox } from '@postern/bullmq'
import { createReceiver, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { otel } from '@postern/otel'
import { github } from '@postern/providers/github'

/**
 * The receiver with its subscriptions: the web side and the worker both make it from here, so that both know the same
 * tasks. Neither runs them by itself (`worker: false`); the worker says `receiver.startWorker()`.
 */
export function makeReceiver(): { readonly receiver: Receiver; readonly inbox: Inbox } {
  const inbox = bullmqInbox({ connection: process.env['REDIS_URL']! })
  const receiver = createReceiver({
    provider: github({ secret: process.env['GITHUB_WEBHOOK_SECRET']! }),
    inbox,
    worker: false,
    // Spans of both sides: those of the worker are linked to those of the delivery.
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
