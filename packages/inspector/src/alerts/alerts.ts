import { logger, type Duration } from '@postern/core'
import { unknownOptions, type MaybePromise } from '@postern/core/internal'
import { checks } from '@postern/core/engine'
import type { Inbox, Records, SubscriptionStats } from '@postern/core/inbox'
import { givenInbox, type InspectorOptions } from '../options.ts'
import type { HealthReply, Thing } from '../api/health.ts'
import { contextParts, givenReceivers, type Context } from '../routes/context.ts'
import { answerHealth } from '../routes/health.ts'
import { createHash, randomUUID } from 'node:crypto'
import { inertText } from '@postern/core/inert'

/** Options of {@link alerts}. */
export interface AlertOptions extends Pick<
  InspectorOptions,
  'inbox' | 'receivers' | 'providers' | 'encryptionKey' | 'name' | 'log'
> {
  /**
   * A function that gets each alert, or the result of `createSender()`. If an alert cannot be sent, the next check
   * tries again.
   */
  readonly to: AlertTarget
  /** Time between two checks. @default '1m' */
  readonly every?: Duration
  /** A task that has been due for longer than this time is reported as late. @default '15m' */
  readonly late?: Duration
  /** Adds error messages and proven causes of rejections, which can quote payloads. @default false */
  readonly payloads?: boolean
}

/** Alerts that {@link alerts} has started. */
export interface Alerts {
  /** Checks now. On a platform without timers, call this method from a scheduled function. */
  check(): Promise<void>
  /** Stops checking. Resolves once a running check has ended. */
  stop(): Promise<void>
}

const OPTIONS: readonly (keyof AlertOptions)[] = [
  'inbox',
  'receivers',
  'providers',
  'encryptionKey',
  'name',
  'log',
  'to',
  'every',
  'late',
  'payloads',
]

/**
 * Sends an alert when an issue starts, and another one when it ends. Issues are a new cause of dead tasks, a burst of
 * rejections, a silent sender, a late task, and an inbox that does not answer. Of all processes with the same inbox,
 * only one sends each alert. Without `payloads: true`, an alert shows only what a visitor without `payloads` sees. If a
 * process crashes just after it has sent an alert, the alert is sent again with the same id.
 *
 * @throws TypeError if an option is wrong.
 *
 * @example
 * const watching = alerts({ inbox, receivers: [receiver], to: (alert) => console.error(alert.text) })
 * await watching.stop()
 */
export function alerts(options: AlertOptions): Alerts {
  const read = checks('alerts', options)
  unknownOptions('alerts', options, OPTIONS)
  const { to, name = 'postern', payloads = false, log = logger() } = options
  if (typeof options.inbox !== 'function' && !options.inbox?.records)
    throw new TypeError('alerts: inbox must have records, since one process alerts at a time')
  if (typeof to !== 'function' && typeof to?.emit !== 'function')
    throw new TypeError(
      'alerts: to must be a function, or what createSender() of @postern/forward returns',
    )
  const every = read.time('every', '1m')
  const late = read.time('late', '15m')
  const ask = createAsker(options, payloads)
  const openInbox = givenInbox(options)
  const me = randomUUID()
  let isOther = false
  let outage: Open | undefined
  let last: Promise<void> = Promise.resolve()
  const timer = setInterval(() => void check(), every)
  timer.unref?.()
  void check()
  return {
    check,
    async stop() {
      clearInterval(timer)
      await last
    },
  }

  function check(): Promise<void> {
    const next = last.then(look)
    last = next
    return next
  }

  async function look(): Promise<void> {
    try {
      await compare(await openInbox())
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      await down(alertLine(`the inbox does not answer: ${message}`)).catch(warn)
    }
  }

  async function compare(inbox: Inbox): Promise<void> {
    const records = inbox.records!
    const before = await records.get(KEY)
    const state = (before?.value as State | undefined) ?? { holder: '', until: 0, open: {} }
    const at = Date.now()
    // If the stored `until` is more than three intervals ahead, the clock was set back. Then `until` is ignored.
    // Otherwise no other process could send alerts for a long time.
    isOther = state.holder !== me && state.until > at && state.until <= at + 3 * every
    if (isOther) return
    const held: State = { ...state, holder: me, until: at + 3 * every }
    if (!(await records.set(KEY, held, before?.version ?? 0))) return
    const health = await ask(inbox)
    const current = currentOf(health, (await inbox.view?.stats()) ?? [], late)
    // If the health report lists only some causes, alerts about the other causes stay open.
    const isCut = health.more.causes > 0 || health.more.ofNewest !== undefined
    if (outage && (await tell(outage, 'ended', at))) outage = undefined
    // New issues are stored before they are sent. So after a crash, these issues are sent again with the same id.
    const known = withNew(state.open, current, at)
    if (!(await store(records, { ...held, open: known }))) return
    const open = await sendChanges(known, current, isCut, at)
    await store(records, { ...held, open, until: Date.now() + 3 * every })
  }

  /** Stores the state if this process is still the `holder`. Returns false if nothing was stored. */
  async function store(records: Records, state: State): Promise<boolean> {
    const found = await records.get(KEY)
    if ((found?.value as State | undefined)?.holder !== me) return false
    return records.set(KEY, state, found!.version)
  }

  /**
   * Sends each start and end that was not sent before, and returns the alerts to store. If an alert cannot be sent, it
   * stays unchanged, so that the next check tries again.
   */
  async function sendChanges(
    known: State['open'],
    current: readonly Current[],
    isCut: boolean,
    at: number,
  ): Promise<State['open']> {
    const open: Record<string, Open> = {}
    const still = new Set(current.map(({ key }) => key))
    for (const [key, one] of Object.entries(known)) {
      const { isUnsent, ...sent } = one
      const stays = still.has(key) || (isCut && one.kind === 'dead')
      if (stays) open[key] = isUnsent && !(await tell(sent, 'begun', at)) ? one : sent
      else if (!(await tell(sent, 'ended', at))) open[key] = one
    }
    return open
  }

  /**
   * Reports that the inbox does not answer, once per outage. Does nothing if another process sent the alerts at the
   * last check.
   */
  async function down(text: string): Promise<void> {
    if (isOther || outage) return
    const since = Date.now()
    const begun: Open = { id: idOf('inbox', since), kind: 'inbox', text, since }
    if (await tell(begun, 'begun', since)) outage = begun
  }

  async function tell(one: Open, state: Alert['state'], at: number): Promise<boolean> {
    try {
      await sendAlert(to, { ...one, state, at, app: name })
      return true
    } catch (error) {
      warn(error)
      return false
    }
  }

  function warn(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    if (log !== false) log.warning?.(name, alertLine(`an alert was not sent: ${text}`))
  }
}

/** Maximum number of causes that a check reads. The page shows only the first eight. */
const MOST_CAUSES = 100

/** Creates the function that gets the health report as a visitor with this right to payloads sees it. */
function createAsker(
  options: Pick<InspectorOptions, 'inbox' | 'receivers' | 'providers' | 'encryptionKey'>,
  payloads: boolean,
): (inbox: Inbox) => Promise<HealthReply> {
  const { budgetOf, ...parts } = contextParts(options)
  return async (inbox) => {
    const context: Context = {
      ...parts,
      inbox,
      receivers: await givenReceivers(options),
      visitor: { payloads, allow: 'read', isDeveloper: false, canSignOut: false },
      query: new URLSearchParams({ range: '24h' }),
      body: {},
      shared: (_, ask) => ask(),
      version: async () => '',
      forget: () => {},
      budget: budgetOf('alerts'),
      acted: () => {},
    }
    return answerHealth(context, MOST_CAUSES)
  }
}

const KEY = 'inspector:alerts'
const MOST = 500

/** The stored state: the alerts that are open, and the process (`holder`) that may send alerts now. */
type State = {
  readonly holder: string
  /** No other process sends alerts until this time, in milliseconds since 1970. */
  readonly until: number
  readonly open: { readonly [key: string]: Open }
}

type Open = Pick<Alert, 'id' | 'kind' | 'text' | 'since'> & {
  readonly receiver?: string
  /** True until the start of the issue has been sent. */
  readonly isUnsent?: true
}

/** Adds the issues that are not open yet, up to 500 open alerts in total. */
function withNew(known: State['open'], current: readonly Current[], at: number): State['open'] {
  const open: Record<string, Open> = { ...known }
  for (const { key, ...one } of current)
    if (!Object.hasOwn(known, key) && Object.keys(open).length < MOST)
      open[key] = { ...one, since: one.since || at, id: idOf(key, at), isUnsent: true }
  return open
}

function idOf(key: string, at: number): string {
  return `${createHash('sha256').update(key).digest('hex').slice(0, 16)}_${at.toString(36)}`
}

/** A current issue. Its key stays the same while the issue continues. */
interface Current extends Pick<Alert, 'kind' | 'text' | 'since' | 'receiver'> {
  readonly key: string
}

const LONGEST = 500

/**
 * Returns the page's issues that are neither over nor muted, and one issue per subscription with a task that is `late`
 * milliseconds overdue.
 */
function currentOf(
  { things, at }: Pick<HealthReply, 'things' | 'at'>,
  lanes: readonly SubscriptionStats[],
  late: number,
): readonly Current[] {
  return [
    ...things.flatMap((thing) => ofThing(thing) ?? []),
    ...lanes.flatMap(({ receiver, subscription, oldestDueAt: oldest }) =>
      oldest !== undefined && at - oldest > late
        ? [
            {
              key: keyOf('late', receiver, subscription),
              kind: 'late' as const,
              receiver,
              since: oldest,
              text: alertLine(`tasks of ${receiver} › ${subscription} wait since ${time(oldest)}`),
            },
          ]
        : [],
    ),
  ]
}

function ofThing(thing: Thing): Current | undefined {
  if (thing.kind === 'dead') {
    if (thing.isOver || thing.muted) return undefined
    const { cause, count, error, subscriptions, since } = thing
    const [lane] = subscriptions
    const place = subscriptions.map((one) => `${one.receiver} › ${one.subscription}`).join(', ')
    return {
      key:
        cause === undefined
          ? keyOf('dead', lane!.receiver, lane!.subscription)
          : keyOf('cause', cause),
      kind: 'dead',
      since,
      text: alertLine(
        `${count} dead: ${error.name}${error.message && `: ${error.message}`}, in ${place}`,
      ),
      ...(subscriptions.length === 1 && { receiver: lane!.receiver }),
    }
  }
  const { kind, receiver } = thing
  if (kind === 'rejected') {
    const { code, count, of, proven, remedy, since } = thing
    const proof = proven === undefined ? '' : `, proven: ${proven}. ${remedy ?? ''}`
    const share = of === undefined ? '' : ` of ${of}`
    const text = alertLine(
      `${count}${share} deliveries of ${receiver} rejected with ${code}${proof}`,
    )
    return { key: keyOf(kind, receiver, code), kind, receiver, since, text }
  }
  if (kind === 'silent') {
    const text = alertLine(`${receiver} is silent since ${time(thing.since)}`)
    return { key: keyOf(kind, receiver), kind, receiver, since: thing.since, text }
  }
  const text = alertLine(`the inbox of ${receiver} does not work: ${thing.message}`)
  return { key: keyOf(kind, receiver), kind, receiver, since: 0, text }
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts)
}

/** Makes one line of at most 500 characters. Invisible characters become escapes such as `\u{1B}`. */
function alertLine(text: string): string {
  const whole = inertText(text.replaceAll(/\s+/g, ' ').trim())
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST - 1)}…` : whole
}

function time(at: number): string {
  return new Date(at).toISOString()
}

/** The start or the end of an issue. */
export interface Alert {
  /** Id of the issue: its start and its end have the same id. */
  readonly id: string
  readonly state: 'begun' | 'ended'
  /**
   * `dead`: a cause of dead tasks. `rejected`: a burst of rejections. `silent`: a sender that sends nothing. `late`:
   * tasks that wait too long. `inbox`: an inbox that does not answer.
   */
  readonly kind: 'dead' | 'rejected' | 'silent' | 'late' | 'inbox'
  /** One line of printable characters. Text from the network is escaped. */
  readonly text: string
  /** Name of the app, as the `name` option gives it. */
  readonly app: string
  readonly receiver?: string
  /** When the issue started, in milliseconds since 1970. */
  readonly since: number
  /** When a check noticed the start or the end, in milliseconds since 1970. */
  readonly at: number
}

/** The target of alerts: a function, or a sender of `@postern/forward`, which signs alerts and retries. */
export type AlertTarget = ((alert: Alert) => MaybePromise<unknown>) | AlertSource

/** The method of a sender of `@postern/forward` that alerts call. Topics are `alert.begun` and `alert.ended`. */
export interface AlertSource {
  emit(message: {
    readonly topic: string
    readonly payload: unknown
    readonly id: string
  }): Promise<unknown>
}

async function sendAlert(to: AlertTarget, alert: Alert): Promise<void> {
  if (typeof to === 'function') await to(alert)
  else
    await to.emit({
      topic: `alert.${alert.state}`,
      payload: alert,
      // If the same alert is emitted twice, the sender's inbox recognizes this id and drops the second one.
      id: `alert_${alert.id}_${alert.state}`,
    })
}
