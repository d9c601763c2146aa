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
        /** Without credentials. */
        readonly url: string
        readonly path: string
        readonly headers: readonly (readonly [name: string, value: string])[] | undefined
        /** The body in base64; at most 1 MiB, see `bodyBytes`. */
        readonly body: string | undefined
        readonly bodyBytes: number
        readonly isUnsigned: boolean
      }
    | undefined
  readonly reply:
    | { readonly status: number; readonly took: number; readonly body: string | undefined }
    | undefined
  /** JSON text of the payload; undefined if nothing was kept, or if it has more than 2 MiB. */
  readonly payload: string | undefined
  readonly tenant: string | undefined
  /** The first delivery of a duplicate, if the journal still has it. */
  readonly repeats: { readonly id: string; readonly at: number } | undefined
  /** The key of the event that this one was edited from. */
  readonly origin: string | undefined
  /** True if body and payload were erased. */
  readonly erased: boolean
  readonly tasks: readonly DetailTask[]
  /** Actions on its tasks, newest first, at most twenty. */
  readonly acted: readonly Pick<ActedRow, 'id' | 'at' | 'what' | 'by' | 'count'>[]
  /** Actions that this visitor can do in its current state. */
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

/** Visitors without `payloads` get the error's code and the place of the throw as its message. */
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
  /** The received and the signed bytes, if the body was changed on its way. */
  readonly diff?: BodyDiff
  /**
   * The reason why `explain` could not look: the body was not kept, or the secret is missing. `findings` is then empty.
   */
  readonly cannot?: string
}

export interface CopyReply {
  readonly text: string
  /** Said next to it: "It may hold data of your customers." */
  readonly note: string | undefined
}
