import { logger, unknownOptions, type Duration, type Observer } from '@postern/core'
import { checks, type Inbox } from '@postern/core/inbox'
import type { InspectorOptions } from '../options.ts'
import { once } from '../once.ts'
import { sendAlert, type Alert, type AlertTarget } from './alert.ts'
import { currentOf, alertLine } from './current.ts'
import { createAsker } from './health.ts'
import { createTelling } from './telling.ts'

/** Options of {@link alerts}. */
export interface AlertOptions extends Pick<
  InspectorOptions,
  'inbox' | 'receivers' | 'providers' | 'seal' | 'name' | 'log'
> {
  /** A function that is given each alert, or a source of `@postern/forward`. One that rejects gets the alert again at the next look. */
  readonly to: AlertTarget
  /** How often it looks. @default '1m' */
  readonly every?: Duration
  /** A task that is due for so long is late. @default '15m' */
  readonly late?: Duration
  /** True tells messages of errors and what is proven of refusals, which quote payloads. @default false */
  readonly payloads?: boolean
}

/** What {@link alerts} returns. */
export interface Alerts {
  /** Looks now, as a scheduled function does where no timer runs. */
  check(): Promise<void>
  /** Looks no more; a look that goes on is waited for. */
  stop(): Promise<void>
}

const OPTIONS: readonly (keyof AlertOptions)[] = [
  'inbox',
  'receivers',
  'providers',
  'seal',
  'name',
  'log',
  'to',
  'every',
  'late',
  'payloads',
]

/**
 * Tells people what the page shows: a new cause of dead tasks, a burst of refusals, a silent sender, a late task, an inbox
 * that does not answer, and the end of each. Each is told once, by one of all processes over the inbox. An alert says what a
 * visitor without payloads sees. A crash between sending and noting sends it again, with the same id.
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
    throw new TypeError(
      'alerts: inbox must be one that has records, since one process tells at a time',
    )
  if (typeof to !== 'function' && typeof to?.emit !== 'function')
    throw new TypeError(
      'alerts: to must be a function, or what createSource() of @postern/forward returns',
    )
  const every = read.time('every', '1m')
  const late = read.time('late', '15m')
  const ask = createAsker(options, payloads)
  const inboxOf = once(async (): Promise<Inbox> =>
    typeof options.inbox === 'function' ? options.inbox() : options.inbox,
  )
  const watch = createTelling({ every, now: () => Date.now(), send })
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
      const inbox = await inboxOf()
      await watch.look(inbox, async () => {
        const health = await ask(inbox)
        const current = currentOf(health, (await inbox.view?.stats()) ?? [], late)
        return { current, isCut: health.more.causes > 0 || health.more.ofNewest !== undefined }
      })
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      await watch.down(alertLine(`the inbox does not answer: ${message}`)).catch(warn)
    }
  }

  async function send(alert: Omit<Alert, 'app'>): Promise<boolean> {
    try {
      await sendAlert(to, { ...alert, app: name })
      return true
    } catch (error) {
      warn(error)
      return false
    }
  }

  function warn(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    const observers: readonly Observer[] = log === false ? [] : [log]
    for (const observer of observers)
      observer.warning?.(name, alertLine(`an alert was not sent: ${text}`))
  }
}
