import { milliseconds, unknownOptions, type Duration } from '@postern/core'
import { checks, engineSettings, type EngineSettings } from '@postern/core/inbox'

/** As in errors. */
export const INBOX = 'durableObjectInbox'
/** Bytes of a row of a Durable Object's SQLite: https://developers.cloudflare.com/durable-objects/platform/limits/ */
export const ROW: number = 2_000_000

/** The way out for a body that is larger. */
export const SMALLER_BODY: string = 'a row of the object holds no more: ask the sender for less'

/** Options of `durableObject`. */
export interface DurableObjectOptions {
  /** Tasks of one receiver that may be pending or running; beyond, deliveries get 503. @default 1_000_000 */
  readonly maxPending?: number
  /** Share of `maxPending` that one tenant (`fairBy` key) may hold, so that a flood refuses that tenant and not all. @default 0.5 */
  readonly maxPendingShare?: number
  /** How long ids of events are known, so that a redelivery runs nothing; at least the sender's retry span. @default '4d' */
  readonly window?: Duration
  /** How long done events are kept for lists and replay. An event is kept for the longer of this and `window`. @default '4d' */
  readonly keepDone?: Duration
  /** How long dead tasks are kept for replay and redelivery. @default '30d' */
  readonly keepDead?: Duration
  /** Tasks that run behind the replies of one moment, or in one ring of the alarm; the next ring follows at once. Their requests may count as those of one invocation. @default 500 */
  readonly batch?: number
  /** The longest time of one ring; at most 15 minutes, the runtime's limit. @default '5m' */
  readonly deadline?: Duration
}

/** The checked options; times in milliseconds. */
export interface ObjectSettings {
  readonly engine: EngineSettings
  readonly batch: number
  /** Of one ring. */
  readonly time: number
}

const OPTIONS: readonly (keyof DurableObjectOptions)[] = [
  'maxPending',
  'maxPendingShare',
  'window',
  'keepDone',
  'keepDead',
  'batch',
  'deadline',
]
const LONGEST = 15 * 60_000

/** Checks the options. Throws a `TypeError` that names the wrong one. */
export function checkSettings(options: DurableObjectOptions): ObjectSettings {
  unknownOptions('durableObject', options, OPTIONS)
  const { batch = 500, deadline = '5m', ...rest } = options
  if (!(Number.isSafeInteger(batch) && batch >= 1))
    throw new TypeError(
      `durableObject: batch must be a whole number from 1 and up, got ${String(batch)}`,
    )
  const time = milliseconds(deadline, 'durableObject: deadline')
  if (time < 2000 || time > LONGEST)
    throw new TypeError(`durableObject: deadline must be from 2s to 15m, got ${String(deadline)}`)
  const check = checks('durableObject', rest as DurableObjectOptions & Pick<EngineSettings, never>)
  return { engine: engineSettings('durableObject', check, { pollInterval: '1s' }), batch, time }
}
