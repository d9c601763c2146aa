/**
 * What the page and its server say to each other: JSON, over routes below `<mount>/~/api/`. Times are milliseconds
 * since 1970, durations milliseconds. Both sides import these types, and nothing else is shared.
 *
 * | route | reply |
 * | --- | --- |
 * | `GET status` | {@link StatusReply}: once at the start |
 * | `GET version` | {@link VersionReply}: polled every two seconds; a new number means that something changed |
 * | `GET health?range=&receiver=` | {@link HealthReply} |
 * | `GET charts?range=&receiver=` | {@link ChartsReply} |
 * | `GET registered?receiver=` | {@link RegisteredReply} |
 * | `GET list?q=&receiver=&limit=&cursor=` | {@link ListReply} |
 * | `GET suggest?q=` | {@link SuggestReply} |
 * | `GET delivery?id=`, `GET task?id=` | {@link DetailReply}; 404 if it is gone |
 * | `GET explain?id=` | {@link ExplainReply}, of a refused delivery |
 * | `GET copy?as=curl\|test&delivery=\|task=` | {@link CopyReply} |
 * | `POST replay`, `POST discard` {@link ChangeRequest} | {@link ChangeReply} |
 * | `POST rerun` {@link RerunRequest} | {@link RerunReply} |
 * | `POST sample` {@link SampleRequest} | {@link SampleReply} |
 * | `POST mute` {@link MuteRequest} | {@link MuteReply} |
 *
 * Errors are `{ error, message, retryAfter? }` with a status: 400 a wrong query or option, 401 sign in, 403 not allowed,
 * 404 gone, 409 the state does not fit, 429 too often, 503 the inbox does not answer. A POST needs the header
 * `x-postern-action: 1` and a JSON body.
 *
 * The document is `assets.html` with `{{base}}` replaced by `./~/` or `./<last segment>/~/`; script and style are
 * `{{base}}page.js` and `{{base}}page.css`, and the script finds the API at `new URL('./api/', import.meta.url)`. Screens
 * live in the query of the document. The session ends with a POST of `{ "signOut": true }` to the document itself
 * (`location.pathname`), if `visitor.canSignOut`. Ask with `redirect: 'manual'`: an app may answer with its login.
 */
export const API = '~/api/'

/** What a visitor may do: `read` alone is everybody's who may come in. */
export type Action = 'replay' | 'discard' | 'rerun' | 'sample' | 'mute'

export interface ErrorReply {
  readonly error: string
  readonly message: string
  /** Seconds. */
  readonly retryAfter?: number
}

/** What stays the same while the page is open. */
export interface StatusReply {
  /** Name of the app, as the `name` option gives it. */
  readonly name: string
  /** The inbox, as in `sqliteInbox`. */
  readonly inbox: string
  /** False in `postern inspect`, which has no handlers: what runs again only waits for the app. */
  readonly hasHandlers: boolean
  readonly receivers: readonly {
    readonly name: string
    readonly provider: string
    readonly title: string
    readonly topics: readonly string[]
    readonly subscriptions: readonly string[]
    /** True if it can sign a sample of its sender. */
    readonly canSign: boolean
  }[]
  /** True if it can say what is registered at the senders. */
  readonly hasRegistered: boolean
  /** `scan`: filters look through the tasks, newest first. */
  readonly search: 'index' | 'scan'
  readonly visitor: {
    readonly as?: string
    readonly actions: readonly Action[]
    /** False hides payloads, headers, bodies and replies. */
    readonly payloads: boolean
    /** True if there is a session to end. */
    readonly canSignOut: boolean
  }
  /** The machine's time, so that the page can tell how far its clock is off. */
  readonly now: number
}

export interface VersionReply {
  readonly version: string
}

export type ChartRange = '15m' | '1h' | '6h' | '24h' | '7d' | '30d'

/**
 * Is anything wrong? Worst first. Things are about now, whatever the range: tasks that are dead, refusals of the last six
 * hours, receivers that are silent. `deliveries`, `usual`, `handlers` and all sparks are about the range.
 */
export interface HealthReply {
  readonly at: number
  readonly range: { readonly from: number; readonly to: number; readonly step: number }
  readonly deliveries: number
  readonly dead: number
  /** When the oldest task that is due now was due. */
  readonly oldest: number | undefined
  /** Things that need a look; of causes the first eight. */
  readonly things: readonly Thing[]
  /** Causes that stand in no row, and their dead tasks. */
  readonly more: { readonly causes: number; readonly dead: number }
  /** Refusals that are no more than usual, and those of strangers: one line. */
  readonly usual: { readonly count: number; readonly groups: readonly RefusedGroup[] }
  readonly handlers: readonly {
    readonly receiver: string
    readonly subscription: string
    readonly runs: number
    readonly failed: number
    readonly dead: number
    readonly p50: number | undefined
    readonly p99: number | undefined
    /** Runs of a task, on average. */
    readonly attempts: number | undefined
    /** Runs by step of the range. */
    readonly spark: readonly number[]
  }[]
  readonly receivers: readonly {
    readonly name: string
    readonly ok: boolean
    /** `ok`, or what the inbox cannot do. */
    readonly inbox: string
    readonly lastDelivery: number | undefined
    /** Milliseconds between deliveries, usually; undefined if too little came to tell. */
    readonly usually: number | undefined
    /** Deliveries of the range, and how many of them were refused. */
    readonly deliveries: number
    readonly refused: number
    /** Topics of the week that nobody handles, at most ten. */
    readonly unhandled: readonly string[]
    /** Tasks that wait. */
    readonly waiting: number
    /** Milliseconds in which 99 of 100 verified deliveries were answered in the range. */
    readonly p99: number | undefined
  }[]
}

export type Thing =
  | {
      readonly kind: 'dead'
      /** Undefined for who may not see payloads: tasks are then grouped by subscription alone. */
      readonly cause: string | undefined
      readonly error: { readonly name: string; readonly message: string }
      /** Where they died, the most first: receivers and subscriptions, at most six. */
      readonly lanes: readonly {
        readonly receiver: string
        readonly subscription: string
        readonly dead: number
      }[]
      readonly moreLanes: number
      readonly count: number
      /** Tasks with this error that wait for their next run. */
      readonly retrying: number
      /** When the first of these tasks was received. */
      readonly since: number
      /** When it was last seen. */
      readonly last: number
      /** True if nothing failed so for the longer of an hour and three times its longest gap. */
      readonly isOver: boolean
      /** Who has looked at it, and what they say; it holds until one more task dies of it. */
      readonly muted?: MutedCause
      readonly spark: readonly number[]
    }
  | ({ readonly kind: 'refused' } & RefusedGroup)
  | {
      readonly kind: 'silent'
      readonly receiver: string
      /** When the last delivery came. */
      readonly since: number
      /** Milliseconds between deliveries, usually. */
      readonly usually: number | undefined
      /** The receiver's own `silence` option, if that decided. */
      readonly limit?: number
    }
  | {
      readonly kind: 'inbox'
      readonly receiver: string
      readonly message: string
    }

/** A cause that somebody has looked at. */
export interface MutedCause {
  readonly note: string
  readonly by: string | undefined
  readonly at: number
}

export interface RefusedGroup {
  readonly receiver: string
  readonly code: string
  /** Of a thing, refusals of the last six hours (`since:6h`); else of the range. */
  readonly count: number
  /** Of a thing: verified deliveries and refusals of the sender since then. */
  readonly of?: number
  /** The cause that its newest kept body proves, and what mends it. */
  readonly proven?: string | undefined
  readonly remedy?: string | undefined
  /** The newest delivery that can be explained. */
  readonly explain?: string | undefined
  readonly since: number
  readonly spark: readonly number[]
}

/** Series for the charts, one value a step; undefined where nothing is known. */
export interface ChartsReply {
  readonly from: number
  readonly step: number
  /** Deliveries of each step by outcome: counts, of which the page makes rates. */
  readonly deliveries: Readonly<Record<string, readonly number[]>>
  readonly reply: { readonly p50: Values; readonly p99: Values }
  /** By subscription, as `receiver › subscription`. */
  readonly handlers: Readonly<Record<string, { readonly p50: Values; readonly p99: Values }>>
  readonly tasks: {
    readonly pending: Values
    readonly running: Values
    readonly dead: Values
  }
}

/** What the senders have for the receivers. */
export interface RegisteredReply {
  readonly receivers: readonly {
    readonly receiver: string
    /** Undefined if the sender could not be asked. */
    readonly url: string | undefined
    readonly endpoints: readonly {
      readonly id: string
      readonly state: string
      /** Undefined if the sender's API does not say. */
      readonly delivering: boolean | undefined
    }[]
    /** What differs from the code, a sentence each. */
    readonly differs: readonly string[]
    /** Why the sender could not be asked. */
    readonly problem?: string
  }[]
}

export type Values = readonly (number | null)[]

/**
 * `q` has qualifiers, separated by blanks: `topic:orders/*`, `state:dead`, `outcome:refused`, `code:`, `cause:`, `provider:`,
 * `receiver:`, `subscription:`, `part:`, `task:`, `id:`, `since:2h`, `until:`, `payload.user.id:7`; values with blanks stand in double
 * quotes; `-name:value` leaves rows out, `error:` and `status:` look through them. The rest is text: alone, it is looked for in ids and topics,
 * then in errors, then in payloads, and each row says where it was found. Qualifiers of tasks list tasks, all others deliveries; a row looks the same.
 */
export interface ListReply {
  readonly rows: readonly ListRow[]
  readonly cursor: string | undefined
  /** How far back it looked. */
  readonly searchedTo: number | undefined
  readonly version: string
  /** What `q` cannot mean, in words; the rows are then empty. */
  readonly problem?: string
  /** The filter of tasks that this list shows, for bulk actions; absent if `q` does not say tasks alone. */
  readonly tasks?: Readonly<Record<string, string | number>>
}

/** One delivery, or one event of the tasks that match. */
export interface ListRow {
  /** `delivery:<id>` or `task:<id>`. */
  readonly id: string
  readonly at: number
  readonly receiver: string
  readonly provider: string
  readonly topic: string | undefined
  readonly eventId: string | undefined
  /** Undefined for rows of tasks. */
  readonly outcome:
    | 'accepted'
    | 'duplicate'
    | 'handshake'
    | 'unhandled'
    | 'refused'
    /** No subscription takes it, and the function of an answer made the reply. */
    | 'answered'
    | undefined
  readonly code: string | undefined
  readonly reason: string | undefined
  readonly status: number | undefined
  readonly took: number | undefined
  readonly tasks: readonly RowTask[]
  /** Where plain words were found: an id, a topic or a reason; an error; a payload. */
  readonly by?: 'id' | 'error' | 'payload'
}

export interface RowTask {
  readonly id: string
  readonly subscription: string
  readonly part: string | undefined
  readonly state: 'pending' | 'running' | 'done' | 'dead'
  /** True if it failed before, and waits for its next run. */
  readonly retrying: boolean
  readonly interrupted: boolean
  readonly attempts: number
}

export interface SuggestReply {
  /** Whole values for the qualifier at the end of `q`, or qualifiers. */
  readonly suggestions: readonly { readonly insert: string; readonly note?: string }[]
}

/** A delivery with its tasks. Parts the visitor may not see are undefined, and `hidden` says so. */
export interface DetailReply {
  readonly row: ListRow
  readonly hidden: boolean
  /** True if the event is sealed and the inspector has no key for it: nothing of it can be shown. */
  readonly sealed: boolean
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
  readonly scope: string | undefined
  /** The key of the event that this one was edited from. */
  readonly origin: string | undefined
  /** True if body and payload were erased. */
  readonly erased: boolean
  readonly tasks: readonly DetailTask[]
  /** What can be done with it, in its state and by this visitor. */
  readonly actions: readonly (Action | 'curl' | 'test' | 'explain')[]
}

export interface DetailTask extends RowTask {
  readonly due: number | undefined
  readonly settledAt: number | undefined
  readonly error: TaskFailure | undefined
  readonly cause: string | undefined
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
  readonly verdict: 'accepted' | 'refused'
  readonly code: string
  readonly findings: readonly {
    readonly cause: string
    readonly certainty: 'proven' | 'likely' | 'possible'
    readonly message: string
    readonly remedy: string
  }[]
  readonly stats: { readonly attempts: number; readonly ms: number; readonly stopped: boolean }
  /** Why it could not look: the body was not kept, or no secret is here; then there are no findings. */
  readonly cannot?: string
}

export interface CopyReply {
  readonly text: string
  /** Said beside it: "It may hold data of your customers." */
  readonly note: string | undefined
}

/** One chunk of a change of many tasks, or of one (`{ id }`). The page asks for the next chunk with `cursor`. */
export interface ChangeRequest {
  /** As `ListReply.tasks`, or `{ id }`. */
  readonly filter: Readonly<Record<string, string | number>>
  /** Counts alone. */
  readonly dryRun?: boolean
  readonly limit?: number
  readonly cursor?: string
  /** Tasks received after it are left alone: `until` of the count. */
  readonly until?: number
  /** Tasks a second (replay). */
  readonly rate?: number
}

export interface ChangeReply {
  readonly count: number
  readonly cursor: string | undefined
  readonly until: number
}

/** Marks a cause as seen until it changes; without a note the mark goes. */
export interface MuteRequest {
  readonly cause: string
  readonly note?: string
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
