import {
  durableObject,
  durableObjectInbox,
  worker,
  type ObjectNamespace,
  type Receivers,
  type WorkerContext,
} from '@postern/cloudflare'
import { createReceiver } from '@postern/core'
import { inspector } from '@postern/inspector/fetch'
import { github } from '@postern/providers/github'

interface Env {
  readonly WEBHOOKS: ObjectNamespace
  readonly GITHUB_SECRET: string
  readonly POSTERN_TOKEN: string
}

const receivers: Receivers<Env> = (env, inbox) => ({
  '/webhooks/github': createReceiver({
    provider: github({ secret: env.GITHUB_SECRET }),
    inbox,
    log: false,
  }).on('push', { name: 'deploy', retry: { attempts: 1 } }, (event, task) => {
    const { fails } = event.payload as { readonly fails?: boolean }
    if (fails === true && task.attempt === 1) throw new Error('it fails')
  }),
})

export class Webhooks extends durableObject(receivers) {}

const webhooks = worker(receivers, 'WEBHOOKS')
let page: ((request: Request) => Promise<Response>) | undefined

/** As in the README, the inspector is mounted before the webhooks and uses the remote inbox. */
export default {
  fetch(request: Request, env: Env, context: WorkerContext): Promise<Response> {
    if (!new URL(request.url).pathname.startsWith('/postern'))
      return webhooks.fetch(request, env, context)
    page ??= pageOf(env)
    return page(request)
  },
}

function pageOf(env: Env): (request: Request) => Promise<Response> {
  const inbox = durableObjectInbox(env.WEBHOOKS)
  return inspector({
    inbox,
    receivers: Object.values(receivers(env, inbox)),
    auth: { token: env.POSTERN_TOKEN },
  })
}
