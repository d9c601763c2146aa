import { milliseconds, type Duration } from '../../duration.ts'
import type { Inbox } from '../../inbox/inbox.ts'
import type { Source } from '../../source.ts'
import { unknownOptions } from '../../unknown-options.ts'
import type { Line } from '../line.ts'
import { checkFits } from './fits.ts'
import type { CatchUpOptions } from './options.ts'

/** The option `catchUp` of a receiver: what it fetches by itself. */
export interface CatchUpSetup extends Pick<
  CatchUpOptions,
  'scope' | 'limit' | 'all' | 'anyVersion'
> {
  /** A source of `@postern/registrar`. */
  readonly source: Source
  /**
   * `start`: when this process starts to run tasks, from the last delivery that the journal knows. `silence`: when nothing
   * came for as long as the option `silence` says. @default both, without `silence` if that option is not set
   */
  readonly on?: readonly ('start' | 'silence')[]
  /** How long it waits after the start, so that the server takes what is delivered again. @default '10s' for redeliveries, else 0 */
  readonly delay?: Duration
}

const OPTIONS: readonly (keyof CatchUpSetup)[] = [
  'source',
  'scope',
  'limit',
  'all',
  'anyVersion',
  'on',
  'delay',
]

/** What a check of setups needs to know of the receiver. */
export interface SetupRules extends Pick<Line, 'provider' | 'dedupe'> {
  readonly inbox: Inbox
  readonly journal: boolean
  readonly work: boolean | 'drain'
  readonly silence: number | undefined
}

/** The option `catchUp`, checked. Throws a `TypeError` that names the way out. */
export function checkSetups(
  given: CatchUpSetup | readonly CatchUpSetup[] | undefined,
  rules: SetupRules,
): readonly CatchUpSetup[] {
  if (given === undefined) return []
  const { inbox, silence } = rules
  if (rules.work === 'drain')
    throw new TypeError(
      "catchUp: with work: 'drain' nothing runs by itself; call receiver.catchUp(source, { since }) where you call drain()",
    )
  const setups = Array.isArray(given) ? (given as readonly CatchUpSetup[]) : [given as CatchUpSetup]
  return setups.map((setup) => {
    unknownOptions('catchUp', setup, OPTIONS)
    checkFits(rules, inbox, setup.source, setup.scope)
    const { on = silence === undefined ? ['start'] : ['start', 'silence'] } = setup
    if (!Array.isArray(on) || on.length === 0 || on.some((one) => !/^(start|silence)$/.test(one)))
      throw new TypeError(`catchUp: on must be a list of 'start' and 'silence', got ${String(on)}`)
    if (on.includes('silence') && silence === undefined)
      throw new TypeError(
        "catchUp: on: ['silence'] needs the option silence, such as silence: '6h'",
      )
    if (on.includes('start') && !(rules.journal && inbox.journal))
      throw new TypeError(
        "catchUp: at start it goes on from the last delivery that the journal knows, and there is no journal; set on: ['silence'], or leave journal: false out",
      )
    const normal = setup.source.kind === 'redelivery' ? '10s' : 0
    return { ...setup, on, delay: milliseconds(setup.delay ?? normal, 'catchUp: delay') }
  })
}
