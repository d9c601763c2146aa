/**
 * One chunk of a change: tasks that match the filter, or one task by its id. The page asks for the next chunk with
 * `cursor`.
 */
export interface ChangeRequest {
  /** As `ListReply.tasks`, or `{ id }`. */
  readonly filter: Readonly<Record<string, string | number>>
  /** Only these tasks, at most 100. The reply then has no cursor. */
  readonly ids?: readonly string[]
  /** With `ids`: the action of the first ones, which these ones belong to. */
  readonly action?: string
  /** Counts and changes nothing. */
  readonly dryRun?: boolean
  readonly limit?: number
  readonly cursor?: string
  /** Tasks received later are not changed: `until` of the count. */
  readonly until?: number
  /** Tasks a second (replay). */
  readonly rate?: number
}

export interface ChangeReply {
  readonly count: number
  readonly cursor: string | undefined
  readonly until: number
  /** Id of the action, for `ends`. */
  readonly action?: string
}

/** Marks a cause as seen until it changes; without a note the mark goes. */
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
  /** JSON text. */
  readonly payload: string
}

export interface RerunReply {
  /** The new task. */
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
