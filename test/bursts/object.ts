import {
  durableObject,
  worker,
  type ObjectNamespace,
  type Receivers,
  type WorkerContext,
} from '@postern/cloudflare'
import { createReceiver } from '@postern/core'
import { provider, subscribe } from './receiver.ts'

interface Env {
  readonly WEBHOOKS: ObjectNamespace
  /** Name of this process in the test run. */
  readonly PROCESS: string
  readonly LOG: { fetch(url: string): Promise<Response> }
}

const receivers: Receivers<Env> = (env, inbox) => {
  const receiver = createReceiver({ provider, inbox, log: false })
  subscribe(receiver, env.PROCESS, async (query) =>
    (await env.LOG.fetch(`http://log/?${query}`)).text(),
  )
  return { '/webhooks/github': receiver }
}

export class Webhooks extends durableObject(receivers) {}

const webhooks = worker(receivers, 'WEBHOOKS')

export default {
  async fetch(request: Request, env: Env, context: WorkerContext): Promise<Response> {
    const object = env.WEBHOOKS.getByName('postern') as InstanceType<typeof Webhooks>
    if (new URL(request.url).pathname === '/stats')
      return Response.json(await object.ask('view', 'stats', []))
    return webhooks.fetch(request, env, context)
  },
}
