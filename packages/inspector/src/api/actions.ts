export interface ActionsReply {
  readonly rows: readonly ActedRow[]
  readonly cursor: string | undefined
}

export interface ActedRow {
  readonly id: string
  readonly at: number
  readonly what: 'replay' | 'rerun' | 'delete' | 'erase' | 'prune' | 'mute' | 'unmute'
  readonly by: string | undefined
  readonly count: number
  /** The action's filter as search text, without the parts that this visitor may not see. */
  readonly q: string
  /**
   * Example error of the cause that the action was for, on one line. Undefined if no such error is kept, and for
   * visitors without `payloads`.
   */
  readonly error: string | undefined
  /** The note and the owner of a mute; undefined for other actions. */
  readonly note?: string
  readonly owner?: string
  /** True if the search `action:<id>` lists the tasks of the action. */
  readonly hasTasks: boolean
}

export interface EndsReply {
  readonly done: number
  readonly dead: number
  /**
   * Number of dead tasks whose cause is the one that the action was for. Undefined if the action was not for one cause.
   */
  readonly same: number | undefined
  readonly waiting: number
  /** Tasks that the inbox no longer keeps. */
  readonly gone: number
  /** Number of tasks that are counted here: all of the action's tasks, or the first 20,000. */
  readonly of: number
}
