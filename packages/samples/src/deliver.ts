import { AsyncLocalStorage } from 'node:async_hooks'
import { unknownOptions, readBounded } from '@postern/core/internal'
import type { AttemptInfo, EventInfo, Receiver, WebhookError } from '@postern/core'
import type { TaskError } from '@postern/core/inbox'

/** Event of a delivery, with the outcome of receiving the event. */
export interface DeliveredEvent extends EventInfo {
  readonly outcome: 'accepted' | 'duplicate' | 'revived' | 'unhandled'
}

/** Task of a delivery after its first attempt. */
export interface DeliveredTask extends AttemptInfo {
  /** `retrying`: the attempt failed or was postponed, and the task runs again later. */
  readonly state: 'done' | 'retrying' | 'dead'
  /** Error of a dead task. */
  readonly error?: TaskError
}

/** Result of a delivery. */
export interface Delivered {
  readonly status: number
  /** Reply of the receiver or the URL. The reply's body has not been read yet. */
  readonly reply: Response
  /** Reason of the rejection; undefined if the receiver accepted the delivery, or if the target is a URL. */
  readonly rejection: WebhookError | undefined
  /** Events of the delivery; empty if the target is a URL. */
  readonly events: readonly DeliveredEvent[]
  /** Tasks of the accepted events, each after one attempt; empty if the target is a URL. */
  readonly tasks: readonly DeliveredTask[]
}

/** Options of {@link deliver}. */
export interface DeliverOptions {
  /**
   * Maximum wait for the first attempts, in milliseconds. A receiver with `worker: false` runs no attempts, so set 0.
   * @default 5000
   */
  readonly timeout?: number
}

const delivering = new AsyncLocalStorage<object>()

/**
 * Passes a request to a receiver, or sends a request to a URL, and returns the result. With a receiver, the promise
 * resolves after the first attempt of each task, so the handlers have run.
 *
 * @throws {TypeError} if the target is neither a receiver nor a URL, or an option is wrong.
 * @throws {Error} if nothing answers at the URL.
 * @example
 * const { status, tasks } = await deliver(receiver, await signed(provider, 'issues.opened'))
 * expect([status, tasks[0]?.state]).toEqual([200, 'done'])
 */
export async function deliver(
  target: Pick<Receiver, 'fetch' | 'observe'> | string | URL,
  request: Request | Promise<Request>,
  options: DeliverOptions = {},
): Promise<Delivered> {
  unknownOptions('deliver', options, ['timeout'])
  const { timeout = 5000 } = options
  requireTimeout('deliver', timeout)
  const sent = await request
  if (!(sent instanceof Request))
    throw new TypeError('deliver: request must be a fetch Request, as signed makes')
  if (typeof target === 'string' || target instanceof URL) return overHttp(target, sent)
  requireReceiver('deliver', target)
  const here = {}
  const events: DeliveredEvent[] = []
  const tasks: DeliveredTask[] = []
  let expected = 0
  let rejection: WebhookError | undefined
  let changed = (): void => undefined
  const isHere = (): boolean => delivering.getStore() === here
  const ended = (info: AttemptInfo, state: DeliveredTask['state'], error?: TaskError): void => {
    tasks.push({ ...info, state, ...(error && { error }) })
    changed()
  }
  const stop = target.observe({
    rejected: (_request, error) => void (isHere() && (rejection = error)),
    accepted(event, count) {
      if (!isHere()) return
      events.push({ ...event, outcome: 'accepted' })
      expected += count
    },
    duplicate: (event, revived) =>
      void (isHere() && events.push({ ...event, outcome: revived ? 'revived' : 'duplicate' })),
    unhandled: (event) => void (isHere() && events.push({ ...event, outcome: 'unhandled' })),
    done: (info) => ended(info, 'done'),
    dead: (info, error) => ended(info, 'dead', error),
    retried: (info) => ended(info, 'retrying'),
    postponed: (info) => ended(info, 'retrying'),
  })
  try {
    const reply = await delivering.run(here, () => target.fetch(sent))
    const own = (): readonly DeliveredTask[] =>
      tasks.filter((task) =>
        events.some(
          ({ id, topic, tenant }) =>
            task.id === id && task.topic === topic && task.tenant === tenant,
        ),
      )
    const until = performance.now() + timeout
    while (own().length < expected && performance.now() < until) {
      await new Promise<void>((wake) => {
        const timer = setTimeout(wake, until - performance.now())
        changed = () => {
          clearTimeout(timer)
          wake()
        }
      })
    }
    return { status: reply.status, reply, rejection, events, tasks: own() }
  } finally {
    stop()
  }
}

export function requireReceiver(what: string, receiver: unknown): void {
  if (typeof receiver !== 'object' || receiver === null || !('observe' in receiver))
    throw new TypeError(
      `${what}: receiver must be what createReceiver() returns${what === 'deliver' ? ', or a URL' : ''}, got ${receiver === null ? 'null' : typeof receiver}`,
    )
}

export function requireTimeout(what: string, timeout: unknown): void {
  if (typeof timeout !== 'number' || !(timeout >= 0))
    throw new TypeError(`${what}: timeout must be milliseconds, got ${String(timeout)}`)
}

async function overHttp(target: string | URL, request: Request): Promise<Delivered> {
  if (!URL.canParse(target))
    throw new TypeError(`deliver: target must be a receiver or an absolute URL, got ${target}`)
  const { method, headers } = request
  const body =
    method === 'GET' || method === 'HEAD'
      ? undefined
      : await readBounded(request.body, Number.MAX_SAFE_INTEGER)
  const reply = await fetch(target, {
    method,
    headers,
    redirect: 'manual',
    ...(body && { body: body as BodyInit }),
  })
  return { status: reply.status, reply, rejection: undefined, events: [], tasks: [] }
}
