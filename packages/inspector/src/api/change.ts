/**
 * One chunk of a change: tasks that match the filter, or one task by its id. The page asks for the next chunk with
 * `cursor`.
 */
export interface ChangeRequest {
  /** The value of `ListReply.tasks`, or `{ id }` for one task. */
  readonly filter: Readonly<Record<string, string | number>>
  /** Ids of the tasks to change, at most 100. The reply then has no cursor. */
  readonly ids?: readonly string[]
  /**
   * With `ids`: id of the action that an earlier request started. The changes of this request become part of that
   * action.
   */
  readonly action?: string
  readonly dryRun?: boolean
  readonly limit?: number
  readonly cursor?: string
  /** Tasks received after this time stay unchanged. Send the `until` of the dry run's reply. */
  readonly until?: number
  /** For `replay`: number of tasks that become due per second. */
  readonly rate?: number
}

export interface ChangeReply {
  readonly count: number
  readonly cursor: string | undefined
  readonly until: number
  /** Id of the action, to pass to `GET ends`. */
  readonly action?: string
}

/**
 * Mutes a cause (a hash that groups equal errors) until another task dies of this cause. Without a note, unmutes the
 * cause.
 */
export interface MuteRequest {
  readonly cause: string
  /** At most 300 characters. */
  readonly note?: string
  /** The person or team responsible, at most 100 characters. */
  readonly owner?: string
}

export interface MuteReply {
  readonly muted: boolean
}

export interface RerunRequest {
  readonly task: string
  readonly payload: string
}

export interface RerunReply {
  readonly task: string
}

export interface SampleRequest {
  readonly receiver: string
  readonly topic?: string
}

export interface SampleReply {
  readonly status: number
  readonly reply: string
}
