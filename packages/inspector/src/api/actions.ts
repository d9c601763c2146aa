/** What people did to tasks, newest first. */
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
  /** The error whose cause was meant, on one line; undefined if no task has it now, or for who may not see payloads. */
  readonly error: string | undefined
  /** Of a mute. */
  readonly note?: string
  readonly owner?: string
  /** True if its tasks can be listed, as `action:<id>`. */
  readonly hasTasks: boolean
}

/** What became of the tasks of an action. */
export interface EndsReply {
  readonly done: number
  readonly dead: number
  /** Of the dead ones, those of the cause that was run again; undefined if it was not for one cause. */
  readonly same: number | undefined
  readonly waiting: number
  /** Forgotten, or dropped meanwhile. */
  readonly gone: number
  /** Tasks that are followed: the first 20,000. */
  readonly of: number
}
