import { WebhookError } from '@postern/core'
import { createBegun, type Begun } from './begun.ts'
import type { Driver } from './driver/driver.ts'
import { createFinished, type Finished } from './finished.ts'
import { createKeys, type Keys } from './known.ts'
import type { Settings } from './settings.ts'
import { createParts, type Parts } from './parts.ts'
import type { Lease } from './task.ts'
import { createTokens } from './token.ts'
import { createTopicLog, type TopicLog } from './topics.ts'
import { createWriter, type Writer } from './write.ts'

/** One file and its parts in this process, for all receivers. */
export interface Store extends Parts {
  readonly settings: Settings
  readonly driver: Driver
  readonly writer: Writer
  readonly keys: Keys
  readonly topicLog: TopicLog
  readonly begun: Begun
  readonly finished: Finished
  /** Leases of the attempts of this process, by task. */
  readonly running: Map<number, Lease>
  /** How often `task.commit` has written, through the other connection. */
  commits: number
  /** Fences the claims of the open transaction: no claim before had it. */
  token(): number
}

/** Puts a store together. */
export function createStore(driver: Driver, settings: Settings): Store {
  const { main } = driver
  const parts = createParts(main)
  const keys = createKeys(main, driver.freshKeys)
  const begun = createBegun(main, parts.tally)
  const finished = createFinished(main, parts.tally, parts.settle)
  const tokens = createTokens(main, driver.process)
  const topicLog = createTopicLog()
  const kept = [begun, finished, ...parts.kept, keys, topicLog, tokens]
  return {
    ...parts,
    settings,
    driver,
    writer: createWriter(driver, kept),
    keys,
    topicLog,
    begun,
    finished,
    running: new Map(),
    commits: 0,
    token: () => tokens.current(),
  }
}

/** Reads; an error of the file, or its loss, becomes `inbox_unavailable` or `inbox_full`. */
export function reading<T>({ driver }: Store, query: () => T): T {
  const lost = driver.guard?.lost()
  if (lost !== undefined) throw new WebhookError('inbox_unavailable', lost)
  try {
    return query()
  } catch (error) {
    throw error instanceof TypeError ? error : driver.errors.unavailable(error)
  }
}
