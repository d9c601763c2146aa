import type { Receiver } from '@postern/core'
import {
  type Receivers,
  durableObjectInbox,
  type DurableObjectInboxOptions,
  type ObjectNamespace,
  type WorkerContext,
} from './remote.ts'

/** The exports of a Worker. */
export interface WebhookWorker<Env> {
  fetch(request: Request, env: Env, context: WorkerContext): Promise<Response>
}

// Milliseconds for which a request keeps its timers alive. A Worker's timers end with their request, and the journal
// writes its batch a second after the first row.
const HOLD = 4000

/**
 * Creates a Worker that verifies deliveries. Each receiver is mounted at its exact path, and any other path gets 404.
 * If the path of a request differs only by a final slash, a warning is logged once. Receivers are created once per
 * isolate. `binding` is the name of the Durable Object in `env`. The options are those of `durableObjectInbox`.
 *
 * @example
 * export default worker(receivers, 'WEBHOOKS')
 */
export function worker<Env>(
  receivers: Receivers<Env>,
  binding: keyof Env & string,
  options: DurableObjectInboxOptions = {},
): WebhookWorker<Env> {
  let made: Readonly<Record<string, Receiver>> | undefined
  const told = new Set<string>()

  return {
    async fetch(request, env, context) {
      const { pathname } = new URL(request.url)
      const receiver = (made ??= make(env))[pathname]
      if (!receiver) {
        tellSlash(made, pathname)
        return new Response(null, { status: 404 })
      }
      context.waitUntil(new Promise((resolve) => setTimeout(resolve, HOLD)))
      return receiver.fetch(request, { waitUntil: (work) => context.waitUntil(work) })
    },
  }

  function tellSlash(receivers: Readonly<Record<string, Receiver>>, path: string): void {
    const meant = path.endsWith('/') ? path.slice(0, -1) : `${path}/`
    if (!Object.hasOwn(receivers, meant) || told.has(meant)) return
    told.add(meant)
    const { observer, name } = receivers[meant]!
    observer.warning?.(
      name,
      `a request to ${path} got 404, since the webhook is at ${meant}: give the sender that path`,
    )
  }

  function make(env: Env): Readonly<Record<string, Receiver>> {
    const namespace = env[binding] as ObjectNamespace | undefined
    if (namespace === undefined)
      throw new TypeError(
        `worker: env.${binding} is missing: add a durable_objects binding of that name to the settings of the Worker`,
      )
    return receivers(env, durableObjectInbox(namespace, options))
  }
}
