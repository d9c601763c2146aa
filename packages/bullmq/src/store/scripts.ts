import { ADOPT } from '../lua/adopt.ts'
import { BURY } from '../lua/bury.ts'
import { ERASE } from '../lua/erase.ts'
import * as journalScripts from '../lua/journal.ts'
import * as runScripts from '../lua/run.ts'
import * as scripts from '../lua/store.ts'
import * as viewScripts from '../lua/view.ts'

/** The scripts of this package; each has one key, the prefix of all that it touches. */
export type ScriptName =
  | 'posternLook'
  | 'posternAlive'
  | 'posternLeave'
  | 'posternRaise'
  | 'posternStore'
  | 'posternSpawn'
  | 'posternLoose'
  | 'posternRescue'
  | 'posternSweep'
  | 'posternSetRecord'
  | 'posternLoad'
  | 'posternDue'
  | 'posternAdopt'
  | 'posternBury'
  | 'posternNext'
  | 'posternAgain'
  | 'posternGetEvent'
  | 'posternShow'
  | 'posternCounts'
  | 'posternVersion'
  | 'posternCauses'
  | 'posternLater'
  | 'posternErase'
  | 'posternArrive'
  | 'posternSeries'
  | 'posternSwap'
  | 'posternTrim'
  | 'posternPage'

/** Their texts. */
export const SCRIPTS: Readonly<Record<ScriptName, string>> = {
  posternLook: scripts.LOOK,
  posternAlive: scripts.ALIVE,
  posternLeave: scripts.LEAVE,
  posternRaise: scripts.RAISE,
  posternStore: scripts.STORE,
  posternSpawn: scripts.SPAWN,
  posternLoose: scripts.LOOSE,
  posternRescue: scripts.RESCUE,
  posternSweep: scripts.SWEEP,
  posternSetRecord: scripts.SET_RECORD,
  posternLoad: runScripts.LOAD,
  posternDue: scripts.DUE,
  posternAdopt: ADOPT,
  posternBury: BURY,
  posternNext: runScripts.NEXT,
  posternAgain: runScripts.AGAIN,
  posternGetEvent: viewScripts.GET_EVENT,
  posternShow: viewScripts.SHOW,
  posternCounts: viewScripts.COUNTS,
  posternVersion: viewScripts.VERSION,
  posternCauses: viewScripts.CAUSES,
  posternLater: viewScripts.LATER,
  posternErase: ERASE,
  posternArrive: journalScripts.ARRIVE,
  posternSeries: journalScripts.SERIES,
  posternSwap: journalScripts.SWAP,
  posternTrim: journalScripts.TRIM,
  posternPage: journalScripts.PAGE,
}
