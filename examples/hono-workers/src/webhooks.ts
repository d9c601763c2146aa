import { durableObject, worker, type ObjectNamespace, type Receivers } from '@postern/cloudflare'
import { createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'

/** The Worker's bindings and secrets. */
export interface Env {
  readonly WEBHOOKS: ObjectNamespace
  readonly GITHUB_WEBHOOK_SECRET: string
}

/**
 * Runs twice: in the Worker, which verifies, and in the Durable Object, which runs the handlers. Keep no state here.
 */
const receivers: Receivers<Env> = (env, inbox) => {
  const receiver = createReceiver({
    provider: github({ secret: env.GITHUB_WEBHOOK_SECRET }),
    inbox,
  })
  receiver.on('push', { name: 'deploy' }, (event) => {
    console.log(event.topic, event.id)
  })
  return { '/webhooks/github': receiver }
}

/** Stores the events and runs the handlers. */
export class Webhooks extends durableObject(receivers) {}

export const webhooks = worker(receivers, 'WEBHOOKS')
