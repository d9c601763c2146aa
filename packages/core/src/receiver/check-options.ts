import { milliseconds, type Duration } from '../basics/duration.ts'
import { unknownOptions } from '../basics/unknown-options.ts'
import type { EventMap } from '../event.ts'
import type { Inbox } from '../inbox/inbox.ts'
import { defaultInbox } from '../inbox/memory/later.ts'
import { createSeal } from '../inbox/seal.ts'
import { resolveLimits } from '../limits.ts'
import { logger } from '../logger.ts'
import { createObservers } from '../observe/observers.ts'
import type { Provider } from '../provider/provider.ts'
import { keepNothing, type KeepBody } from '../receive/erasure.ts'
import type { Dedupe } from '../receive/identity.ts'
import { ackReply } from '../receive/reply/ack.ts'
import { checkVersion } from './app-version.ts'
import type { CheckedOptions } from './checked-options.ts'
import { nodeEnv } from './node-env.ts'
import type { ReceiverOptions } from './options.ts'

const OPTIONS: readonly (keyof ReceiverOptions)[] = [
  'provider',
  'inbox',
  'name',
  'limits',
  'ack',
  'now',
  'monotonic',
  'observers',
  'log',
  'onUnhandled',
  'dedupe',
  'integers',
  'labels',
  'work',
  'fairBy',
  'journal',
  'refusedBodies',
  'silence',
  'version',
  'seal',
  'stored',
  'explain',
]

/** Checks the options of `createReceiver`. Throws a `TypeError` that names the option and the remedy. */
export function checkReceiver<Events extends EventMap>(
  options: ReceiverOptions<Events>,
): CheckedOptions {
  unknownOptions('createReceiver', options, OPTIONS)
  const provider = checkProvider(options.provider)
  const name = options.name ?? provider.name
  if (typeof name !== 'string' || name.trim() === '')
    throw new TypeError(
      `createReceiver: name must be a string that is not empty, got ${JSON.stringify(name)}`,
    )
  // Read each time: fake timers that are installed later must work for this receiver too.
  const { now: given, monotonic = () => performance.now() } = options
  isFunction('now', given ?? Date.now)
  // Inboxes keep whole milliseconds.
  const now = given === undefined ? () => Date.now() : () => Math.floor(given())
  isFunction('monotonic', monotonic)
  if (options.fairBy !== undefined) isFunction('fairBy', options.fairBy)
  const { onUnhandled = 'acknowledge', dedupe = defaultDedupe(provider) } = options
  const inbox = checkInbox(options.inbox)
  const { integers = 'number', work = inbox.work ?? true, journal = true, seal } = options
  const { refusedBodies = 40, labels = provider.labels ?? 'ignore' } = options
  oneOf('onUnhandled', onUnhandled, ['acknowledge', 'store', 'refuse'])
  oneOf('dedupe', dedupe, ['id', 'id+digest', 'digest', 'none'])
  oneOf('integers', integers, ['number', 'exact'])
  oneOf('labels', labels, ['ignore', 'strict'])
  oneOf('work', work, [true, false, 'drain'])
  oneOf('journal', journal, [true, false])
  const silence =
    options.silence === undefined ? undefined : milliseconds(options.silence, 'silence')
  if (inbox.work !== undefined && work !== inbox.work)
    throw new TypeError(
      `work must be left out with ${inbox.name}, which says itself who runs its tasks, got ${String(work)}`,
    )
  if (work === false && inbox.view && !inbox.can.durable)
    throw new TypeError(
      `work: false needs an inbox that another process reads, and tasks of ${inbox.name} are in this one: leave work out, or set work: 'drain' and call receiver.drain()`,
    )
  return {
    provider,
    name,
    inbox,
    ownInbox: options.inbox === undefined,
    limits: resolveLimits(options.limits, provider.limits),
    ...createObservers([
      ...(options.log === false ? [] : [options.log ?? logger()]),
      ...(options.observers ?? []),
    ]),
    ack: ackReply(options.ack, provider),
    now,
    monotonic,
    onUnhandled,
    dedupe,
    exact: integers === 'exact',
    strictLabels: labels === 'strict',
    fairBy: options.fairBy as CheckedOptions['fairBy'],
    work,
    journal,
    refusedBodies: checkBodies(refusedBodies),
    seal: seal === undefined ? undefined : createSeal(seal, 'seal'),
    keepBody: checkStored(options.stored),
    explain: checkExplain(options.explain ?? nodeEnv() === 'development'),
    lenient: options.explain !== false && nodeEnv() === 'development',
    version: checkVersion(options.version),
    silence,
  }
}

function checkExplain(explain: boolean | Duration): number | undefined {
  if (typeof explain === 'boolean') return explain ? 50 : undefined
  const ms = milliseconds(explain, 'explain')
  if (ms < 1 || ms > 10_000)
    throw new TypeError(`explain must be true, false, or 1 ms to 10 s, got ${explain}`)
  return ms
}

/** A captured delivery with another id is a replay, if the sender never repeats signed bytes and signs no id. */
function defaultDedupe({ repeats, covers }: Provider): Dedupe {
  return repeats === false && covers.id !== true ? 'id+digest' : 'id'
}

function checkProvider(provider: unknown): Provider {
  if (typeof provider === 'function')
    throw new TypeError(
      'provider must be a provider, got its factory: call it, as in github({ secret })',
    )
  if (typeof (provider as Provider | undefined)?.verify !== 'function')
    throw new TypeError(
      `provider must be what a factory such as github({ secret }) returns, got ${typeof provider}`,
    )
  return provider as Provider
}

function checkInbox(inbox: unknown): Inbox {
  if (inbox === undefined) return defaultInbox()
  if (typeof inbox === 'function')
    throw new TypeError('inbox must be an inbox, got its factory: call it, as in memoryInbox()')
  if (typeof (inbox as Inbox | null)?.attach !== 'function')
    throw new TypeError(
      `inbox must be what a factory such as memoryInbox() returns, got ${typeof inbox}`,
    )
  return inbox as Inbox
}

function checkStored(stored: ReceiverOptions['stored']): KeepBody | undefined {
  unknownOptions('stored', stored, ['body'])
  const body: unknown = stored?.body ?? true
  if (typeof body === 'function') return body as KeepBody
  oneOf('stored.body', body, [true, false], 'true, false or a function')
  return body === true ? undefined : keepNothing
}

function checkBodies(count: number | false): number {
  if (count === false) return 0
  if (!(Number.isInteger(count) && count >= 0 && count <= 1000))
    throw new TypeError(
      `refusedBodies must be false or a whole number up to 1000, got ${String(count)}`,
    )
  return count
}

function isFunction(option: string, value: unknown): void {
  if (typeof value !== 'function')
    throw new TypeError(`${option} must be a function, got ${typeof value}`)
}

function oneOf(
  option: string,
  value: unknown,
  allowed: readonly unknown[],
  said = allowed.map(String).join(', '),
): void {
  if (!allowed.includes(value))
    throw new TypeError(`${option} must be one of ${said}, got ${String(value)}`)
}
