import { milliseconds, type Duration, settledBy } from '../basics/deadline.ts'
import { checkObject, rejectNull, unknownOptions, wrongOption } from '../basics/unknown-options.ts'
import type { EventMap } from '../event.ts'
import type { Inbox, Consumer, Port, Records } from '../inbox/inbox.ts'
import { createSeal } from '../inbox/seal.ts'
import { resolveLimits } from '../limits.ts'
import { logger } from '../logger.ts'
import { createObservers } from '../observe/observers.ts'
import type { Observer } from '../observer.ts'
import { madeOf } from '../provider/made.ts'
import type { Provider } from '../provider/provider.ts'
import { keepNothing, type KeepBody } from '../receive/erasure.ts'
import { ackReply } from '../receive/reply/reply.ts'
import { checkVersion } from './app.ts'
import type { CheckedOptions, Dedupe, ReceiverOptions } from './options.ts'
import { WebhookError } from '../errors.ts'
import type { Journal } from '../inbox/journal.ts'
import type { InboxView } from '../inbox/view.ts'
import { DEFAULT_WINDOW } from '../inbox/memory/settings.ts'

const OPTIONS: readonly (keyof ReceiverOptions)[] = [
  'provider',
  'inbox',
  'name',
  'limits',
  'ack',
  'tenantKey',
  'observers',
  'log',
  'onUnhandled',
  'dedupe',
  'parsing',
  'worker',
  'clock',
  'storage',
  'explain',
  'version',
  'silentAfter',
]

export function checkReceiver<Events extends EventMap>(
  options: ReceiverOptions<Events>,
): CheckedOptions {
  checkObject('createReceiver: options', options)
  unknownOptions('createReceiver', options, OPTIONS)
  rejectNull('createReceiver', options)
  const provider = checkProvider(options.provider)
  const name = options.name ?? provider.name
  if (typeof name !== 'string' || name.trim() === '')
    throw wrongOption('name', 'a string that is not empty', JSON.stringify(name))
  // `Date.now` is read at each call, so that fake timers that tests install later have an effect.
  const { clock = {}, parsing = {}, storage = {} } = options
  checkGroup('clock', clock, ['now', 'monotonic'])
  checkGroup('parsing', parsing, ['bigIntegers', 'contentType'])
  checkGroup('storage', storage, ['content', 'encryptionKey', 'journal', 'rejectedBodies'])
  const { now: given, monotonic = () => performance.now() } = clock
  isFunction('clock.now', given ?? Date.now)
  // Inboxes store whole milliseconds.
  const now = given === undefined ? () => Date.now() : () => Math.floor(given())
  isFunction('clock.monotonic', monotonic)
  if (options.tenantKey !== undefined) {
    isFunction('tenantKey', options.tenantKey)
    const secret = madeOf(provider)?.secret
    if (typeof secret === 'function' && 'forget' in secret)
      throw wrongOption(
        'tenantKey',
        'left out',
        'a function',
        'perTenant names the tenant of each event, so tenantKey would not be called',
      )
  }
  const { onUnhandled = 'acknowledge', dedupe = defaultDedupe(provider) } = options
  const inbox = checkInbox(options.inbox)
  const { worker = inbox.worker ?? true } = options
  const { bigIntegers = false, contentType = provider.contentType ?? 'ignore' } = parsing
  const { encryptionKey, journal = true, rejectedBodies = 1000 } = storage
  oneOf('onUnhandled', onUnhandled, ['acknowledge', 'store', 'reject'])
  oneOf('dedupe', dedupe, ['id', 'id+digest', 'digest', 'none'])
  oneOf('parsing.bigIntegers', bigIntegers, [true, false])
  oneOf('parsing.contentType', contentType, ['ignore', 'strict'])
  oneOf('worker', worker, [true, false, 'onDemand'])
  oneOf('storage.journal', journal, [true, false])
  if (onUnhandled === 'store' && !inbox.view)
    throw wrongOption(
      'onUnhandled',
      'acknowledge or reject',
      'store',
      `${inbox.name} stores nothing`,
    )
  const silentAfter =
    options.silentAfter === undefined
      ? undefined
      : milliseconds(options.silentAfter, 'createReceiver: silentAfter')
  if (inbox.worker !== undefined && worker !== inbox.worker)
    throw wrongOption('worker', 'left out', worker, `${inbox.name} sets worker itself`)
  if (worker === false && inbox.view && !inbox.can.durable)
    throw wrongOption(
      'worker',
      'left out, or onDemand with calls of receiver.runDue()',
      worker,
      `no other process reads the tasks of ${inbox.name}`,
    )
  return {
    provider,
    name,
    inbox,
    ownInbox: options.inbox === undefined,
    limits: resolveLimits(options.limits, provider.limits),
    ...createObservers(checkObservers(options)),
    ack: ackReply(options.ack, provider),
    now,
    monotonic,
    onUnhandled,
    unhandledMeant: options.onUnhandled !== undefined,
    dedupe,
    exact: bigIntegers,
    strictLabels: contentType === 'strict',
    tenantKey: options.tenantKey as CheckedOptions['tenantKey'],
    worker,
    journal,
    rejectedBodies: checkBodies(rejectedBodies),
    seal:
      encryptionKey === undefined
        ? undefined
        : createSeal(encryptionKey, 'createReceiver: storage.encryptionKey'),
    keepBody: checkContent(storage.content),
    explain: checkExplain(options.explain ?? nodeEnv() === 'development'),
    lenient: options.explain !== false && nodeEnv() === 'development',
    version: checkVersion(options.version),
    silentAfter,
  }
}

function checkExplain(explain: boolean | Duration): number | undefined {
  if (typeof explain === 'boolean') return explain ? 50 : undefined
  const ms = milliseconds(explain, 'createReceiver: explain')
  if (ms < 1 || ms > 10_000) throw wrongOption('explain', 'true, false, or 1 ms to 10 s', explain)
  return ms
}

/**
 * Returns the default of `dedupe`. If a sender never repeats signed bytes and does not sign the id, equal bytes with
 * another id are a replay. Then the digest of the bytes identifies the event too.
 */
function defaultDedupe({ repeats, covers }: Provider): Dedupe {
  return repeats === false && covers.id !== true ? 'id+digest' : 'id'
}

function checkProvider(provider: unknown): Provider {
  const expected = 'what a factory such as github({ secret }) returns'
  if (typeof provider === 'function')
    throw wrongOption('provider', expected, 'the factory', 'call it')
  if (typeof (provider as Provider | undefined)?.verify !== 'function')
    throw wrongOption('provider', expected, typeof provider)
  return provider as Provider
}

function checkInbox(inbox: unknown): Inbox {
  if (inbox === undefined) return defaultInbox()
  const expected = 'what a factory such as memoryInbox() returns'
  if (typeof inbox === 'function') throw wrongOption('inbox', expected, 'the factory', 'call it')
  if (typeof (inbox as Inbox | null)?.attach !== 'function')
    throw wrongOption('inbox', expected, typeof inbox)
  return inbox as Inbox
}

function checkObservers({
  log = logger(),
  observers = [],
}: Pick<ReceiverOptions, 'log' | 'observers'>): readonly Observer[] {
  if (log !== false && !isObject(log))
    throw wrongOption('log', 'an observer, such as structuredLogger(write), or false', log)
  if (!Array.isArray(observers) || !observers.every(isObject))
    throw wrongOption('observers', 'a list of objects with methods of an observer', observers)
  return log === false ? observers : [log, ...observers]
}

function checkContent(content: unknown = true): KeepBody | undefined {
  if (typeof content === 'function') return content as KeepBody
  oneOf('storage.content', content, [true, false], 'true, false or a function')
  return content === true ? undefined : keepNothing
}

function checkGroup(name: string, group: object, known: readonly string[]): void {
  checkObject(`createReceiver: ${name}`, group)
  unknownOptions(`createReceiver: ${name}`, group, known)
}

function checkBodies(count: number | false): number {
  if (count === false) return 0
  if (!(Number.isInteger(count) && count >= 0 && count <= 1000))
    throw wrongOption('storage.rejectedBodies', 'false or a whole number up to 1000', count)
  return count
}

function isFunction(option: string, value: unknown): void {
  if (typeof value !== 'function') throw wrongOption(option, 'a function', typeof value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function oneOf(
  option: string,
  value: unknown,
  allowed: readonly unknown[],
  said = `one of ${allowed.map(String).join(', ')}`,
): void {
  if (!allowed.includes(value)) throw wrongOption(option, said, value)
}

const VIEW: readonly (keyof InboxView)[] = [
  'list',
  'get',
  'stats',
  'causes',
  'version',
  'replay',
  'rerun',
  'delete',
  'erase',
  'prune',
  'orphans',
]
const JOURNAL: readonly (keyof Journal)[] = [
  'write',
  'rejections',
  'deliveries',
  'delivery',
  'attempts',
  'history',
  'actions',
]
const RECORDS: readonly (keyof Records)[] = ['get', 'set', 'delete', 'list']

/** Returns an inbox that loads memoryInbox at the first delivery, so that apps with another inbox do not bundle it. */
function defaultInbox(): Inbox {
  let loading: Promise<Inbox> | undefined
  const load = (): Promise<Inbox> =>
    (loading ??= import('../inbox/memory/inbox.ts').then(({ memoryInbox }) => memoryInbox()))
  return {
    name: 'memoryInbox',
    can: { order: true, transaction: false, durable: false, fair: true, search: 'scan' },
    dedupeWindow: DEFAULT_WINDOW,
    attach: (consumer) => lazyPort(consumer, load),
    view: lazily(async () => (await load()).view!, VIEW),
    journal: lazily(async () => (await load()).journal!, JOURNAL),
    records: lazily(async () => (await load()).records!, RECORDS),
    async close() {
      await (await loading)?.close()
    },
  }
}

/** Returns an object whose methods first load the real object, and then call its methods. */
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
      // Deliveries that wait for the inbox to load are accepted before the inbox closes.
      if (attaching && !port) await settledBy(attaching, until)
      closed = true
      await port?.close(until)
    },
  }

  async function attachNow(): Promise<Port> {
    const inbox = closed ? undefined : await load()
    if (!inbox || closed)
      throw new WebhookError('receiver_closed', { problem: 'closed', got: 'memoryInbox' })
    port = inbox.attach(consumer)
    if (working) port.work!()
    return port
  }
}

export function nodeEnv(): string | undefined {
  // Workers have no `process`, so the mode is unknown there.
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } }
  return process?.env?.['NODE_ENV']
}
