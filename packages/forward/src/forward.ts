import { UnrecoverableError, type Task, type WebhookEvent } from '@postern/core'
import { type PreparedHandler, checkObject } from '@postern/core/internal'
import { tenantKey, unknownOptions } from '@postern/core/engine'
import type { Records } from '@postern/core/inbox'
import { createCaller } from './caller.ts'
import {
  distinct,
  named,
  type Destination,
  type DestinationInit,
  type Signer,
  type SignOption,
} from './signer.ts'
import { createGuard } from '@postern/core/guard'
import { compose, headerTest } from './message.ts'
import { CALL_OPTIONS, checkCalls, type ForwardOptions } from './options.ts'

/** Handler for `receiver.on` that forwards events. */
export interface ForwardHandler<Event extends WebhookEvent = WebhookEvent> extends Pick<
  PreparedHandler,
  'defaults'
> {
  (event: Event, task: Task): Promise<void>
  /** Sends events again to a destination that answered 410. Returns false if no 410 is recorded. Needs `records`. */
  restore(destination: DestinationInit): Promise<boolean>
  /** Closes the connections. Close the receiver first. */
  close(): Promise<void>
}

/**
 * Creates a handler that forwards events to other HTTP endpoints. Each destination gets its own task, which is retried,
 * dead-lettered and replayed independently. A 2xx response is a success. A 410 ends the task permanently and calls
 * `onGone`. After any other response, including a redirect, the task is retried, at the time of `Retry-After` if
 * present. Delivery is at least once, with the same `webhook-id` in all attempts. Tasks of a slow or failing
 * destination wait without using attempts, and do not delay other destinations. Connections to addresses that are not
 * public are rejected.
 *
 * @throws {TypeError} if an option is wrong; the message names the option.
 * @example
 * receiver.on('order.*', forward({ to: ['https://a.example/hooks', 'https://b.example/in'], sign: signer({ secret }) }))
 */
export function forward<Event extends WebhookEvent = WebhookEvent>(
  options: ForwardOptions<Event>,
): ForwardHandler<Event> {
  checkObject('forward: options', options)
  unknownOptions('forward', options, OPTIONS)
  const { to, sign, transform, onGone, records } = options
  const settings = checkCalls(options)
  const guard = createGuard(options)
  const passes = headerTest(options.headers ?? ['traceparent', 'tracestate'])
  const signerFor = checkSign(sign)
  const fixed = typeof to === 'function' ? undefined : checkDestinations(to)
  if (!fixed && sign && typeof sign !== 'function')
    throw new TypeError(
      'sign: must be a function of the destination, since to is a function, got one signer for all of them: what it signs for one could be passed on to another; give (destination) => signer({ secret }) with a secret for each, or false',
    )
  const caller = createCaller(guard, settings)
  const marks = records && createMarks(records)

  return Object.assign(handle, {
    defaults: {
      retry: settings.retry,
      concurrency: settings.total,
      // A task waits for its call and also runs functions of the app. So a task has 15 s more than a call.
      timeout: settings.timeout + 15_000,
    },
    restore: async (destination: DestinationInit) => {
      if (!marks)
        throw new TypeError('restore: forward() must have the option `records`; add `records`')
      return marks.clear(named(destination).id)
    },
    close: () => caller.close(),
  })

  function handle(event: Event, task: Task): Promise<void> {
    return task.part === undefined ? fanOut(event, task) : deliver(event, task, task.part)
  }

  async function fanOut(event: Event, task: Task): Promise<void> {
    const found = fixed ?? distinct(await (to as Find<Event>)(event))
    const gone = await Promise.all(found.map(async ({ id }) => marks?.has(event.tenant, id)))
    const open = found.filter((_, at) => !gone[at])
    task.spawn(open.map(({ id, url }) => ({ part: id, data: { url } })))
  }

  async function deliver(event: Event, task: Task, id: string): Promise<void> {
    // If `to` is a fixed list, its URL is used, because the app may have changed the URL since the task was created.
    const destination: Destination = {
      id,
      url: fixed?.find((each) => each.id === id)?.url ?? (task.data as unknown as Destination).url,
    }
    const outcome = await caller.call({
      destination: id,
      // If `to` is a function, tenants choose destinations, so limits and the circuit breaker are per tenant.
      key: fixed ? id : tenantKey(event.tenant, ':', id),
      task,
      passes,
      message: async () =>
        compose({
          event,
          url: guard.url(destination.url),
          id: task.idempotencyKey,
          content: await transform?.(event, destination),
          passes,
          signer: (await signerFor(destination, event)) || undefined,
          now: settings.now(),
        }),
    })
    if (outcome === 'delivered') return
    await marks?.set(event.tenant, id, settings.now())
    await onGone?.(destination, event)
    throw new UnrecoverableError(`${id} answered 410, so it accepts no more events`)
  }

  function checkDestinations(
    given: DestinationInit | readonly DestinationInit[],
  ): ReturnType<typeof distinct> {
    const list = distinct(given)
    for (const { url } of list) {
      try {
        guard.url(url)
      } catch (error) {
        throw new TypeError(`to: ${(error as Error).message}`, { cause: error })
      }
    }
    return list
  }
}

const OPTIONS: readonly (keyof ForwardOptions)[] = [
  ...CALL_OPTIONS,
  'to',
  'sign',
  'transform',
  'headers',
  'onGone',
  'records',
]

type Find<Event> = (
  event: Event,
) => DestinationInit | readonly DestinationInit[] | Promise<DestinationInit>

function checkSign<Event extends WebhookEvent>(
  sign: SignOption<Event>,
): (destination: Destination, event: Event) => Signer | false | PromiseLike<Signer | false> {
  if (typeof sign === 'function')
    return async (destination, event) => able(await sign(destination, event))
  const checked = able(sign)
  return () => checked
}

function able(given: Signer | false): Signer | false {
  if (given === false || typeof given?.sign === 'function') return given
  throw new TypeError(
    'sign must be a provider that can sign, such as standardWebhooks({ secret }), or signer({ secret }), or false for no signature',
  )
}

const PREFIX = 'postern:gone:'

/**
 * Creates the store of destinations that answered 410 ("marks"). Marks are per tenant, because two tenants may choose
 * the same id.
 */
function createMarks(records: Records) {
  const keyOf = (tenant: string | undefined, destination: string): string =>
    PREFIX + tenantKey(tenant, ':', destination)
  return {
    has: async (tenant: string | undefined, destination: string): Promise<boolean> =>
      (await records.get(keyOf(tenant, destination))) !== undefined,
    async set(tenant: string | undefined, destination: string, at: number): Promise<void> {
      // Version 0 creates the record. Nothing changes if another task of the destination has already created the
      // record.
      await records.set(keyOf(tenant, destination), { at, destination }, 0)
    },
    /** Clears the marks of a destination for all tenants. Returns false if none was set. */
    async clear(destination: string): Promise<boolean> {
      let cleared = false
      for (const { key, value, version } of await records.list(PREFIX))
        if ((value as { destination?: unknown } | null)?.destination === destination)
          cleared = (await records.delete(key, version)) || cleared
      return cleared
    },
  }
}
