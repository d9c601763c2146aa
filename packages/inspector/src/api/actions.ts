/** Actions of people, newest first. */
export interface ActionsReply {
  readonly rows: readonly ActedRow[]
  readonly cursor: string | undefined
}

export interface ActedRow {
  readonly id: string
  /** When it started. */
  readonly at: number
  readonly what: 'replay' | 'rerun' | 'delete' | 'erase' | 'prune' | 'mute' | 'unmute'
  readonly by: string | undefined
  readonly count: number
  /** Its filter as a search; without what a visitor may not see. */
  readonly q: string
  /** The error of the cause, on one line; undefined if no task has it now, and for visitors without `payloads`. */
  readonly error: string | undefined
  /** Of a mute. */
  readonly note?: string
  readonly owner?: string
  /** True if its tasks can be listed, as `action:<id>`. */
  readonly hasTasks: boolean
}

/** The results of the tasks of an action. */
export interface EndsReply {
  readonly done: number
  readonly dead: number
  /** Dead tasks with the cause that was run again; undefined if the action was not for one cause. */
  readonly same: number | undefined
  readonly waiting: number
  /** Tasks that the inbox no longer keeps. */
  readonly gone: number
  /** Tasks that are followed: the first 20,000. */
  readonly of: number
}
