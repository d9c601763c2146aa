import { WebhookError } from '../../errors.ts'
import { settledBy } from '../../basics/deadline.ts'
import type { Consumer, Inbox, Port } from '../inbox.ts'
import type { Journal } from '../journal.ts'
import type { Records } from '../records.ts'
import type { InboxView } from '../view.ts'
import { DEFAULT_WINDOW } from './settings.ts'

const VIEW: readonly (keyof InboxView)[] = [
  'list',
  'get',
  'stats',
  'causes',
  'version',
  'replay',
  'rerun',
  'discard',
  'erase',
  'prune',
  'orphans',
]
const JOURNAL: readonly (keyof Journal)[] = [
  'write',
  'refusals',
  'deliveries',
  'delivery',
  'attempts',
  'history',
]
const RECORDS: readonly (keyof Records)[] = ['get', 'set', 'delete', 'list']

/**
 * The inbox of a receiver that was given none: `memoryInbox()`. The first delivery loads it, so that bundles of apps
 * with an inbox of their own need not have it.
 */
export function defaultInbox(): Inbox {
  let loading: Promise<Inbox> | undefined
  const load = (): Promise<Inbox> =>
    (loading ??= import('./inbox.ts').then(({ memoryInbox }) => memoryInbox()))
  return {
    name: 'memoryInbox',
    can: { order: true, transaction: false, durable: false, fair: true, search: 'scan' },
    window: DEFAULT_WINDOW,
    attach: (consumer) => lazyPort(consumer, load),
    view: lazily(async () => (await load()).view!, VIEW),
    journal: lazily(async () => (await load()).journal!, JOURNAL),
    records: lazily(async () => (await load()).records!, RECORDS),
    async close() {
      await (await loading)?.close()
    },
  }
}

/** An object whose methods load it first. */
function lazily<T extends object>(load: () => Promise<T>, names: readonly (keyof T)[]): T {
  const later =
    (name: keyof T) =>
    async (...args: readonly unknown[]) =>
      ((await load())[name] as (...given: readonly unknown[]) => unknown)(...args)
  return Object.fromEntries(names.map((name) => [name, later(name)])) as T
}

function lazyPort(consumer: Consumer, load: () => Promise<Inbox>): Port {
  let port: Port | undefined
  let attaching: Promise<Port> | undefined
  let working = false
  let closed = false
  const attach = (): Promise<Port> => (attaching ??= attachNow())

  return {
    accept: (intake, host) =>
      port ? port.accept(intake, host) : attach().then((ready) => ready.accept(intake, host)),
    work() {
      working = true
      port?.work!()
    },
    drain: async (until, max, last) => (await attach()).drain!(until, max, last),
    async close(until) {
      // A delivery that waits for the inbox to load was not refused: it is accepted first, and its tasks run.
      if (attaching && !port) await settledBy(attaching, until)
      closed = true
      await port?.close(until)
    },
  }

  async function attachNow(): Promise<Port> {
    const inbox = closed ? undefined : await load()
    if (!inbox || closed)
      throw new WebhookError('closed', { problem: 'closed', got: 'memoryInbox' })
    port = inbox.attach(consumer)
    if (working) port.work!()
    return port
  }
}
