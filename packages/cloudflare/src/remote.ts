import { WebhookError, type Duration } from '@postern/core'
import {
  checks,
  type InboxView,
  type Intake,
  type Journal,
  type Records,
  type Taken,
} from '@postern/core/inbox'
import { errorText } from '@postern/core/scheme'
import type { ObjectInbox } from './receivers.ts'
import type { ObjectNamespace } from './runtime.ts'
import { INBOX, ROW, SMALLER_BODY } from './settings.ts'
import { thrownError, toWire, type WireAnswer, type WirePart, type WireIntake } from './wire.ts'

/** Options of {@link durableObjectInbox}. */
export interface DurableObjectInboxOptions {
  /** Name of the object. Each has a database, an order and windows of its own. @default 'postern' */
  readonly object?: string
  /**
   * How long the object knows ids: the `window` that `durableObject` was given. `catchUp` in the Worker fetches nothing
   * older. If the object knows them for a shorter time, deliveries get 503 and the log says why. @default '4d'
   */
  readonly window?: Duration
}

/** What the object answers by RPC. */
interface ObjectStub {
  accept(receiver: string, intake: WireIntake): Promise<WireAnswer<readonly Taken[]>>
  ask(part: WirePart, method: string, args: readonly unknown[]): Promise<WireAnswer<unknown>>
}

// Each member of the contract: what a newer version adds is missing here at compile time.
const VIEW: Record<keyof InboxView, true> = {
  list: true,
  get: true,
  stats: true,
  causes: true,
  version: true,
  replay: true,
  rerun: true,
  discard: true,
  erase: true,
  prune: true,
  orphans: true,
}
const RECORDS: Record<keyof Records, true> = { get: true, set: true, delete: true, list: true }
const JOURNAL: Record<keyof Journal, true> = {
  write: true,
  refusals: true,
  deliveries: true,
  delivery: true,
  attempts: true,
  actions: true,
  history: true,
}

/**
 * The inbox of a Durable Object, from a Worker: it hands over what the receiver has verified, by RPC, and view, records and
 * journal ask there. Acknowledged deliveries are stored; those that do not fit into a row of the object (2 MB) get 413.
 * The class of the namespace is one of `durableObject()`. `worker()` makes it; take this for a Worker with a router of its
 * own, a queue's consumer or a scheduled handler.
 *
 * @example
 * const inbox = durableObjectInbox(env.WEBHOOKS)
 * const receiver = createReceiver({ provider: github({ secret: env.GITHUB_SECRET }), inbox })
 */
export function durableObjectInbox(
  namespace: ObjectNamespace,
  options: DurableObjectInboxOptions = {},
): ObjectInbox {
  const check = checks(INBOX, options)
  const object = check.value('object') ?? 'postern'
  const window = check.span('window', '4d')
  check.end()
  if (typeof object !== 'string' || object === '')
    throw new TypeError(`${INBOX}: object must be a name, got ${JSON.stringify(object)}`)
  if (typeof namespace?.getByName !== 'function')
    throw new TypeError(
      `${INBOX}: namespace must be the binding of a Durable Object class, got ${typeof namespace}; add it to durable_objects in the settings of the Worker`,
    )
  // A stub belongs to the request that made it.
  const stub = (): ObjectStub => namespace.getByName(object) as ObjectStub

  return {
    name: INBOX,
    work: false,
    can: { order: true, transaction: true, durable: true, fair: true, search: 'index' },
    window,
    attach: ({ receiver }) => ({
      async accept(intake) {
        checkSize(intake)
        return valueOf(await called(() => stub().accept(receiver, toWire(intake, window))))
      },
      async close() {},
    }),
    view: remote<InboxView>('view', VIEW),
    records: remote<Records>('records', RECORDS),
    journal: remote<Journal>('journal', JOURNAL),
    async close() {},
  }

  function remote<Members>(part: WirePart, members: Record<keyof Members, true>): Members {
    const methods = Object.keys(members).map((method) => [
      method,
      async (...args: readonly unknown[]) => {
        if (args.some(hasFunction))
          throw new TypeError(
            `${INBOX}: ${method}: a function cannot be sent to the Durable Object; leave it out here`,
          )
        return valueOf(await called(() => stub().ask(part, method, args)))
      },
    ])
    return Object.fromEntries(methods) as Members
  }
}

/** An object that cannot be reached, or that ended during the call, may have stored the delivery: the sender asks again. */
async function called<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw new WebhookError('inbox_unavailable', `${INBOX}: ${errorText(error)}`, { cause: error })
  }
}

function valueOf<T>(answer: WireAnswer<T>): T {
  if ('thrown' in answer) throw thrownError(answer.thrown)
  return answer.value
}

/** The object would refuse it too, after the whole body was sent there. */
function checkSize({ delivery: { body } }: Intake): void {
  if (body.byteLength > ROW - HEAD)
    throw new WebhookError('body_too_large', {
      problem: 'too_large',
      limit: ROW - HEAD,
      got: body.byteLength,
      remedy: SMALLER_BODY,
    })
}

// Bytes of a row for all but the body.
const HEAD = 100_000

function hasFunction(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).some((one) => typeof one === 'function')
  )
}
