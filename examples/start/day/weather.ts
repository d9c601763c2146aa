import { UnrecoverableError } from '@postern/core'
import type { Service, Services } from '../services.ts'
import type { Chance } from './chance.ts'
import type { DayClock } from './clock.ts'
import { HOUR, MINUTE } from './plan.ts'

/**
 * The services on that day. They take time on its clock, and fail as services do: the mail server has rejected
 * connections for three hours, the search was away for half an hour in the night, the chat is slow now and then.
 */
export function servicesOf(end: number, clock: DayClock, chance: Chance): Services {
  const service =
    (usual: number, often: (before: number) => number, failure: () => string | Error): Service =>
    () => {
      clock.spend(chance.duration(usual))
      if (chance.happens(often(end - clock.now()))) {
        const said = failure()
        throw typeof said === 'string' ? new Error(said) : said
      }
    }
  return {
    ledger: service(
      38,
      () => 0.004,
      () => 'could not serialize access due to concurrent update',
    ),
    mail: service(
      420,
      (before) => (before < 3 * HOUR ? 0.72 : 0.01),
      // Nobody comes back to mend it on that day, so the first rejection is the last.
      () =>
        new UnrecoverableError(
          `SMTP 421 4.7.0 too many connections from 10.0.3.${Math.floor(chance.random() * 250)}`,
        ),
    ),
    search: service(
      60,
      (before) => (before > 15 * HOUR && before < 15.5 * HOUR ? 0.8 : 0.002),
      () => 'connect ETIMEDOUT 10.2.0.7:9200',
    ),
    chat: service(
      160,
      (before) => (before % (6 * HOUR) < 20 * MINUTE ? 0.2 : 0.01),
      () => 'the chat answered 503 Service Unavailable',
    ),
  }
}
