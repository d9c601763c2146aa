import type { BodyDiff } from '@postern/core/explain'
import type { Action } from '../api.ts'
import type { ActedRow } from './actions.ts'
import type { ListRow, RowTask } from './list.ts'

/** A delivery with its tasks. Parts that the visitor may not see are undefined, and `hidden` is true. */
export interface DetailReply {
  readonly row: ListRow
  readonly hidden: boolean
  /** True if the event is encrypted and the inspector has no key: none of its contents can be shown. */
  readonly encrypted: boolean
  readonly delivery:
    | {
        readonly at: number
        readonly method: string
        /** The URL without credentials. */
        readonly url: string
        readonly path: string
        readonly headers: readonly (readonly [name: string, value: string])[] | undefined
        /** The first 1 MiB of the body, in base64. `bodyBytes` is the length of the whole body. */
        readonly body: string | undefined
        readonly bodyBytes: number
        readonly isUnsigned: boolean
      }
    | undefined
  readonly reply:
    | { readonly status: number; readonly took: number; readonly body: string | undefined }
    | undefined
  /** The payload as JSON text; undefined if it was not kept, or if the text is longer than 2 MiB. */
  readonly payload: string | undefined
  readonly tenant: string | undefined
  /** The first delivery of the event, if this delivery is a duplicate and the journal still has the first one. */
  readonly repeats: { readonly id: string; readonly at: number } | undefined
  /** If the payload was edited: the key of the original event. */
  readonly origin: string | undefined
  readonly erased: boolean
  readonly tasks: readonly DetailTask[]
  /** Actions on the tasks of this delivery, newest first, at most twenty. */
  readonly acted: readonly Pick<ActedRow, 'id' | 'at' | 'what' | 'by' | 'count'>[]
  readonly actions: readonly (Action | 'curl' | 'test' | 'explain')[]
}

export interface DetailTask extends RowTask {
  readonly settledAt: number | undefined
  readonly error: TaskFailure | undefined
  readonly runs: readonly {
    readonly attempt: number
    readonly startedAt: number
    readonly duration: number | undefined
    readonly outcome: 'done' | 'retry' | 'postpone' | 'dead' | 'interrupted'
    readonly error: TaskFailure | undefined
    readonly process: string
  }[]
}

/**
 * An error. For visitors without `payloads`, `message` is only the error's code, and the file and line that threw it.
 */
export interface TaskFailure {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
}

export interface ExplainReply {
  readonly verdict: 'accepted' | 'rejected'
  readonly code: string
  readonly findings: readonly {
    readonly cause: string
    readonly certainty: 'proven' | 'likely' | 'possible'
    readonly message: string
    readonly remedy: string
  }[]
  readonly stats: { readonly attempts: number; readonly ms: number; readonly stopped: boolean }
  /** The difference between the received and the signed body, if the body was changed on its way. */
  readonly diff?: BodyDiff
  /**
   * The reason why `explain` could not search for the cause, such as a missing body or secret. `findings` is then
   * empty.
   */
  readonly cannot?: string
}

export interface CopyReply {
  readonly text: string
  /** A warning to show next to the text: "It may hold data of your customers." */
  readonly note: string | undefined
}
