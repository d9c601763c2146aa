/**
 * What the page and its server say to each other: JSON, over routes below `<mount>/~/api/`. Times are milliseconds
 * since 1970, durations milliseconds. Both sides import the types of this file and of `api/`, one file a screen, and nothing else is shared.
 *
 * | route | reply |
 * | --- | --- |
 * | `GET status` | {@link StatusReply}: once at the start |
 * | `GET version` | {@link VersionReply}: polled every two seconds; a new number means that something changed |
 * | `GET health?range=&receiver=` | {@link HealthReply} |
 * | `GET charts?range=&receiver=` | {@link ChartsReply} |
 * | `GET registered?receiver=` | {@link RegisteredReply} |
 * | `GET list?q=&receiver=&limit=&cursor=&fields=` | {@link ListReply}; `fields` is JSON of `[provider, topic, path][]` |
 * | `GET download?as=csv\|ndjson&q=&receiver=` | a file of at most 10,000 rows |
 * | `GET suggest?q=` | {@link SuggestReply} |
 * | `GET delivery?id=`, `GET task?id=` | {@link DetailReply}; 404 if it is gone |
 * | `GET explain?id=` | {@link ExplainReply}, of a rejected delivery |
 * | `GET copy?as=curl\|test&delivery=\|task=` | {@link CopyReply} |
 * | `GET actions?cursor=` | {@link ActionsReply} |
 * | `GET ends?action=` | {@link EndsReply} |
 * | `POST replay`, `POST delete` {@link ChangeRequest} | {@link ChangeReply} |
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

/** An action that needs a right. Every visitor may read. */
export type Action = 'replay' | 'delete' | 'rerun' | 'sample' | 'mute'

export interface ErrorReply {
  readonly error: string
  readonly message: string
  /** Seconds. */
  readonly retryAfter?: number
}

/** Facts that stay the same while the page is open. */
export interface StatusReply {
  /** Name of the app, as the `name` option gives it. */
  readonly name: string
  /** The inbox, as in `sqliteInbox`. */
  readonly inbox: string
  /** False in `postern inspect`, which has no handlers: a replayed task waits there for the app. */
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
  /** The server's time. The page uses it to correct its own clock. */
  readonly now: number
}

export interface VersionReply {
  readonly version: string
}
