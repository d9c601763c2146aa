import type { BodyDiff } from '@postern/core/explain'
import type { Action } from '../api.ts'
import type { ActedRow } from './actions.ts'
import type { ListRow, RowTask } from './list.ts'

/** A delivery with its tasks. Parts the visitor may not see are undefined, and `hidden` says so. */
export interface DetailReply {
  readonly row: ListRow
  readonly hidden: boolean
  /** True if the event is encrypted and the inspector has no key for it: nothing of it can be shown. */
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
  /** The delivery that this one repeats, if it is a duplicate and the journal still has the first. */
  readonly repeats: { readonly id: string; readonly at: number } | undefined
  /** The key of the event that this one was edited from. */
  readonly origin: string | undefined
  /** True if body and payload were erased. */
  readonly erased: boolean
  readonly tasks: readonly DetailTask[]
  /** Who changed its tasks, newest first, at most twenty. */
  readonly acted: readonly Pick<ActedRow, 'id' | 'at' | 'what' | 'by' | 'count'>[]
  /** What can be done with it, in its state and by this visitor. */
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

/** For who may not see payloads, the message is the error's code and the place of the throw. */
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
  /** The bytes that came next to those that were signed, if the body was changed on its way. */
  readonly diff?: BodyDiff
  /** Why it could not look: the body was not kept, or no secret is here; then there are no findings. */
  readonly cannot?: string
}

export interface CopyReply {
  readonly text: string
  /** Said next to it: "It may hold data of your customers." */
  readonly note: string | undefined
}
