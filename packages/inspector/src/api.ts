/**
 * The API of the page: JSON over routes below `<mount>/~/api/`. Times are in milliseconds since 1970, durations in
 * milliseconds. The page and the server share only the types of this file and of `api/`, which has one file per screen.
 *
 * | route | reply |
 * | --- | --- |
 * | `GET status` | {@link StatusReply}: once at the start |
 * | `GET version` | {@link VersionReply}: polled every two seconds; another value means that something changed |
 * | `GET health?range=&receiver=` | {@link HealthReply} |
 * | `GET charts?range=&receiver=` | {@link ChartsReply} |
 * | `GET registered?receiver=` | {@link RegisteredReply} |
 * | `GET list?q=&receiver=&limit=&cursor=&fields=` | {@link ListReply}; `fields` is JSON of `[provider, topic, path][]` |
 * | `GET download?as=csv\|ndjson&q=&receiver=` | a file of at most 10,000 rows |
 * | `GET suggest?q=` | {@link SuggestReply} |
 * | `GET delivery?id=`, `GET task?id=` | {@link DetailReply}; 404 if the delivery or task no longer exists |
 * | `GET explain?id=` | {@link ExplainReply}, of a rejected delivery |
 * | `GET copy?as=curl\|test&delivery=\|task=` | {@link CopyReply} |
 * | `GET actions?cursor=` | {@link ActionsReply} |
 * | `GET ends?action=` | {@link EndsReply} |
 * | `POST replay`, `POST delete` {@link ChangeRequest} | {@link ChangeReply} |
 * | `POST rerun` {@link RerunRequest} | {@link RerunReply} |
 * | `POST sample` {@link SampleRequest} | {@link SampleReply} |
 * | `POST mute` {@link MuteRequest} | {@link MuteReply} |
 *
 * A POST needs the header `x-postern-action: 1` and a JSON body. Errors are `{ error, message, retryAfter? }` with one
 * of these statuses:
 *
 * - 400: a query or option is wrong
 * - 401: nobody is signed in
 * - 403: the visitor lacks the right
 * - 404: the delivery, task or action no longer exists
 * - 409: the current state does not allow the request
 * - 429: too many requests
 * - 503: the inbox does not answer
 *
 * The document is `assets.html` with `{{base}}` replaced by `./~/` or `./<last segment>/~/`. Script and style are
 * `{{base}}page.js` and `{{base}}page.css`. The script finds the API at `new URL('./api/', import.meta.url)`. The query
 * of the document names the screen to show. If `visitor.canSignOut` is true, a POST of `{ "signOut": true }` to
 * `location.pathname` ends the session. Fetch with `redirect: 'manual'`, since an app can answer with a redirect to its
 * login page.
 */
export const API = '~/api/'

/** An action that needs a right. Every visitor may read. */
export type Action = 'replay' | 'delete' | 'rerun' | 'sample' | 'mute'

export interface ErrorReply {
  readonly error: string
  readonly message: string
  /** Number of seconds until the client may try again. */
  readonly retryAfter?: number
}

/** Facts that stay the same while the page is open. */
export interface StatusReply {
  readonly name: string
  readonly inbox: string
  /** False in `postern inspect`, which has no handlers: a replayed task waits there for the app. */
  readonly hasHandlers: boolean
  readonly receivers: readonly {
    readonly name: string
    readonly provider: string
    readonly title: string
    readonly topics: readonly string[]
    readonly subscriptions: readonly string[]
    /** True if the receiver has the key to sign a sample as its sender does. */
    readonly canSign: boolean
  }[]
  readonly hasRegistered: boolean
  /** `index`: the inbox filters with indexes. `scan`: the inbox reads task after task, newest first. */
  readonly search: 'index' | 'scan'
  readonly visitor: {
    readonly as?: string
    readonly actions: readonly Action[]
    /** False hides payloads, headers, bodies and replies. */
    readonly payloads: boolean
    readonly canSignOut: boolean
  }
  /** The server's time. The page uses it to correct its own clock. */
  readonly now: number
}

export interface VersionReply {
  readonly version: string
}
