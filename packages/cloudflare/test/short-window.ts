import { createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'
import { durableObject, worker, type Receivers, type WorkerContext } from '../src/index.ts'
import type { Env } from './app.ts'

const receivers: Receivers<Env> = (env, inbox) => ({
  '/webhooks/github': createReceiver({
    provider: github({ secret: env.GITHUB_SECRET }),
    inbox,
  }).onAny({ name: 'work' }, async (event) => {
    await env.LOG.fetch(`http://log/?id=${event.id}&slow=0`)
  }),
})

const window = '80h'
export class Webhooks extends durableObject(receivers, {
  dedupeWindow: window,
  keepDone: window,
}) {}

const untold = worker(receivers, 'WEBHOOKS')
const told = worker(receivers, 'WEBHOOKS', { dedupeWindow: window })

/** With `?told`, the Worker knows the object's `dedupeWindow`. */
export default {
  fetch(request: Request, env: Env, context: WorkerContext): Promise<Response> {
    return (request.url.endsWith('?told') ? told : untold).fetch(request, env, context)
  },
}
