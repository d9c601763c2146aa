import type { WebhookEvent } from '../event.ts'
import type { Inbox } from '../inbox/inbox.ts'
import type { Seal } from '../inbox/seal.ts'
import type { Limits } from '../limits.ts'
import type { Observer } from '../observer.ts'
import type { Observers } from '../observe/observers.ts'
import type { Provider } from '../provider/provider.ts'
import type { KeepBody } from '../receive/erasure.ts'
import type { Dedupe } from '../receive/identify.ts'
import type { Reply } from '../receive/reply/reply.ts'

/** The options of a receiver, checked. */
export interface CheckedOptions {
  readonly provider: Provider
  readonly name: string
  readonly inbox: Inbox
  /** True if the receiver made its inbox and closes it. */
  readonly ownInbox: boolean
  readonly limits: Limits
  readonly observer: Observer
  readonly observe: Observers['observe']
  readonly attach: Observers['attach']
  readonly ack: Reply
  readonly now: () => number
  readonly monotonic: () => number
  readonly onUnhandled: 'acknowledge' | 'store' | 'reject'
  /** True if the app said what becomes of events that nothing subscribes to. */
  readonly unhandledMeant: boolean
  readonly dedupe: Dedupe
  readonly exact: boolean
  readonly strictLabels: boolean
  readonly tenantKey: ((event: WebhookEvent) => string) | undefined
  readonly worker: boolean | 'onDemand'
  readonly journal: boolean
  readonly rejectedBodies: number
  readonly seal: Seal | undefined
  /** What is kept of the payload of done events; undefined for all. */
  readonly keepBody: KeepBody | undefined
  /** Milliseconds for which the cause of a rejection is looked for; undefined for never. */
  readonly explain: number | undefined
  /** As in `createAdmit`. */
  readonly lenient: boolean
  /** The version of the app; undefined for that of its package.json. */
  readonly version: string | undefined
  /** Milliseconds without a delivery after which observers get `silent`. */
  readonly silentAfter: number | undefined
}
