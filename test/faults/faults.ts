import type { ClassReport } from './classes/class.ts'
import type { CrashReport } from './crash.ts'
import type { DrainReport } from './drain.ts'
import type { FloodReport } from './flood.ts'
import type { ForwardReport } from './forward.ts'
import type { OutageReport } from './outages.ts'
import type { PoisonReport } from './poison.ts'
import { GRACE, type ShutdownReport } from './shutdown.ts'

/** Reports of a fault run. Keys are names of inboxes, or a framework and an inbox. */
export interface Parts {
  readonly crashes: Record<string, CrashReport>
  readonly poisons: Record<string, PoisonReport>
  readonly outages: Record<string, OutageReport>
  readonly floods: Record<string, FloodReport>
  readonly shutdowns: Record<string, ShutdownReport>
  readonly drains: Record<string, DrainReport>
  readonly forwarded: Record<string, ForwardReport>
  readonly classes: Record<string, ClassReport>
  /** Parts that were skipped for lack of time. */
  readonly skipped: string[]
  /** Parts that failed, with the error. */
  readonly failed: string[]
}

/** Returns all faults, such as lost events, dead healthy tasks, completed tasks that ran again, and wasted attempts. */
export function faultsOf(parts: Parts): readonly string[] {
  return [
    ...each(parts.crashes, crashFaults),
    ...each(parts.poisons, poisonFaults),
    ...each(parts.outages, outageFaults),
    ...each(parts.floods, ({ lost, flood, overtakenBy }) => [
      lost > 0 && `${lost} events of a flood were lost`,
      // Allowed are the tasks that were already claimed and one task per tenant, which is far less than the flood.
      overtakenBy > flood / 4 &&
        `${overtakenBy} of ${flood} tasks of a flood came before a quiet tenant's`,
    ]),
    ...each(parts.shutdowns, ({ lostRequests, because, lostEvents, wrongExits, closed }) => [
      lostRequests > 0 && `${lostRequests} requests were lost at a shutdown (${because})`,
      lostEvents > 0 && `${lostEvents} acknowledged events were lost at a shutdown`,
      wrongExits > 0 && `${wrongExits} exits by another code than 0`,
      Math.max(...closed) > GRACE && `closing took ${Math.max(...closed)} ms`,
    ]),
    ...each(parts.drains, ({ events, handled, again }) => [
      handled < events && `${handled} of ${events} events were handled`,
      again > 0 && `${again} runs too many`,
    ]),
    ...each(parts.forwarded, ({ lost, dead, wrongIds, unsigned }) => [
      lost > 0 && `${lost} deliveries never arrived`,
      dead > 0 && `${dead} deliveries were given up`,
      wrongIds > 0 && `${wrongIds} ids are wrong`,
      unsigned > 0 && `${unsigned} signatures are wrong`,
    ]),
    ...each(parts.classes, ({ lost, again, givenUp, stuck, told, seed }) => [
      lost > 0 && `${lost} acknowledged tasks were lost (seed ${seed})`,
      again > 0 && `${again} settled tasks ran again (seed ${seed})`,
      givenUp > 0 && `${givenUp} healthy tasks were given up (seed ${seed})`,
      stuck > 0 && `${stuck} tasks stand still (seed ${seed})`,
      told.startsWith('missing') && `nobody was told: ${told} (seed ${seed})`,
    ]),
    ...parts.failed,
    ...parts.skipped.map((name) => `no time was left for ${name}`),
  ]
}

type Told = readonly (string | false)[]

function each<Report>(
  reports: Readonly<Record<string, Report>>,
  judge: (report: Report) => Told,
): string[] {
  return Object.entries(reports).flatMap(([name, report]) =>
    judge(report).flatMap((fault) => (fault === false ? [] : [`${name}: ${fault}`])),
  )
}

function crashFaults(report: CrashReport): Told {
  const { lost, newTwice, ranAfterSettled, doubleByKey, busyKills, kills } = report
  const { doubleEffects = 0, missingEffects = 0, integrity = 'ok' } = report
  return [
    lost > 0 && `${lost} acknowledged tasks were lost`,
    newTwice > 0 && `${newTwice} events were new twice`,
    ranAfterSettled > 0 && `${ranAfterSettled} settled tasks ran again`,
    doubleByKey !== 0 && `${doubleByKey} events had more than one idempotency key`,
    doubleEffects > 0 && `${doubleEffects} effects of task.commit are there twice`,
    missingEffects > 0 && `${missingEffects} effects of task.commit are missing`,
    integrity !== 'ok' && integrity,
    busyKills < 0.8 * kills && `only ${busyKills} of ${kills} kills fell while work ran`,
  ]
}

function poisonFaults(report: PoisonReport): Told {
  const { healthy, healthyDone, healthyDead, because, poison, poisonFound, ranAfterSettled } =
    report
  return [
    healthyDone !== healthy && `${healthyDone} of ${healthy} healthy tasks are done`,
    healthyDead > 0 && `${healthyDead} healthy tasks were given up: ${because}`,
    poisonFound !== poison && `${poisonFound} of ${poison} tasks that kill are dead as poison`,
    ranAfterSettled > 0 && `${ranAfterSettled} settled tasks ran again`,
  ]
}

function outageFaults(report: OutageReport): Told {
  const { acknowledged, done, dead, because, attemptsUsed, ranAfterSettled } = report
  const { wrongExits, exitedBy } = report
  return [
    done !== acknowledged && `${done} of ${acknowledged} tasks are done`,
    dead > 0 && `${dead} healthy tasks were given up: ${because}`,
    attemptsUsed > 0 && `${attemptsUsed} attempts were used by kills or deploys`,
    ranAfterSettled > 0 && `${ranAfterSettled} settled tasks ran again`,
    wrongExits > 0 && `${wrongExits} deploys ended by another code than 0: ${exitedBy}`,
  ]
}
