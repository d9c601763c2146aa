import { UnrecoverableError } from '@postern/core'
import type { Service, Services } from '../services.ts'
import type { Chance } from './chance.ts'
import type { DayClock } from './clock.ts'
import { HOUR, MINUTE } from './plan.ts'

/**
 * Creates the services of the simulated day. Each call takes time on its clock, and some calls fail. The mail server
 * rejects most connections in the last three hours. The search is down for half an hour. The chat fails more often for
 * 20 minutes of every six hours.
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
      // The mail server stays broken until the end of the day, so retries would not help.
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
