import type { TaskFilter } from './view.ts'

/** Which actions. An unknown key is a `TypeError`. */
export interface ActionQuery {
  /** This one alone, with the ids of its tasks. */
  readonly id?: string
  /** Those that changed this task, by its id. Ids are kept for the newest 20,000 tasks that were changed. */
  readonly task?: string
  /** Rows of one page. @default 50, at most 1000 */
  readonly limit?: number
  readonly cursor?: string
}

/** What somebody did to tasks: one change, however many calls it took. Times in milliseconds since 1970. */
export interface OperatorAction {
  /** Unique in its inbox and sortable by time. */
  readonly id: string
  /** When it began, and when its last step was done. */
  readonly at: number
  readonly last: number
  readonly what: 'replay' | 'rerun' | 'discard' | 'erase' | 'prune'
  /** Who did it, as `ChangeOptions.by` said. */
  readonly by?: string
  /** Which tasks: `text` is `(not kept)`, since payloads may be erased. */
  readonly filter: TaskFilter
  /** Tasks that were changed; of `erase`, events. */
  readonly count: number
  /** Of `rerun`: id of the new task. */
  readonly result?: string
  /** If asked for by `id`: the tasks that were changed, at most 20,000; none of `erase` and `prune`. */
  readonly tasks?: readonly string[]
}
