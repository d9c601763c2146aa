import type { ObjectNamespace, Receivers } from '@postern/cloudflare'
import { createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'
import { subscribe } from '../../webhooks/handlers.ts'

/** The Worker's bindings and secrets. */
export interface Env {
  readonly WEBHOOKS: ObjectNamespace
  readonly GITHUB_WEBHOOK_SECRET: string
}

/**
 * Runs twice: in the Worker, which verifies, and in the Durable Object, which runs the handlers. Keep no state here.
 */
export const receivers: Receivers<Env> = (env, inbox) => {
  const receiver = createReceiver({
    provider: github({ secret: env.GITHUB_WEBHOOK_SECRET }),
    inbox,
  })
  subscribe(receiver)
  return { '/webhooks/github': receiver }
}
