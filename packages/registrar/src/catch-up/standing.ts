import { milliseconds, unknownOptions } from '@postern/core/internal'
import type { Duration } from '@postern/core'
import type { Source } from '../source.ts'
import { checkFits } from './fits.ts'
import type { Missing } from './result.ts'
import type { CatchUpOptions } from './options.ts'

/** Options of {@link catchUp} that runs by itself. Observers hear `catchUpEnded` with each result, and `warning`. */
export interface StandingCatchUp extends Pick<
  CatchUpOptions,
  'tenant' | 'limit' | 'all' | 'anyVersion'
> {
  /**
   * `start`: now, from the last delivery that the journal knows. `silence`: when nothing came for as long as the receiver's
   * option `silentAfter` says.
   */
  readonly on: readonly ('start' | 'silence')[]
  /** How long it waits after the start, so that the server takes what is delivered again. @default '10s' for redeliveries, else 0 */
  readonly delay?: Duration
}

const OPTIONS: readonly (keyof StandingCatchUp)[] = [
  'on',
  'delay',
  'tenant',
  'limit',
  'all',
  'anyVersion',
]

/** The same, checked. */
export interface StandingSettings extends StandingCatchUp {
  /** Milliseconds. */
  readonly delay: number
}

/** The options, checked. Throws a `TypeError` that names the way out. */
export function checkStanding(
  receiver: Missing,
  source: Source,
  options: StandingCatchUp,
): StandingSettings {
  unknownOptions('catchUp', options, OPTIONS)
  const { inbox, silentAfter, worker, journal } = receiver.settings
  if (worker === 'onDemand')
    throw new TypeError(
      "catchUp: with worker: 'onDemand' nothing runs by itself; call catchUp(receiver, source, { since }) where you call runDue()",
    )
  checkFits(receiver, source, options.tenant)
  const { on, delay } = options
  if (!Array.isArray(on) || on.length === 0 || on.some((one) => !/^(start|silence)$/.test(one)))
    throw new TypeError(`catchUp: on must be a list of 'start' and 'silence', got ${String(on)}`)
  if (on.includes('silence') && silentAfter === undefined)
    throw new TypeError(
      "catchUp: on: ['silence'] needs the receiver's option silentAfter, such as silentAfter: '6h'",
    )
  if (on.includes('start') && !(journal && inbox.journal))
    throw new TypeError(
      "catchUp: at start it continues from the last delivery in the journal, but there is no journal; set on: ['silence'], or leave storage.journal: false out",
    )
  const normal = source.kind === 'redelivery' ? '10s' : 0
  return { ...options, delay: milliseconds(delay ?? normal, 'catchUp: delay') }
}
