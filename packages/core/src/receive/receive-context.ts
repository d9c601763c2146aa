import type { Delivery } from '../delivery.ts'
import type { EventDraft, StoredDelivery, WebhookEvent } from '../event.ts'
import type { Port } from '../inbox/inbox.ts'
import type { Limits } from '../limits.ts'
import type { Observer } from '../observer.ts'
import type { Provider } from '../provider/provider.ts'
import type { Subscription } from '../subscribe/subscription.ts'
import type { Admission } from './admit.ts'
import type { Answers } from './reply/answer.ts'
import type { ConflictWatch } from './conflict.ts'
import type { KeepBody } from './erasure.ts'
import type { Explainer } from './explainer.ts'
import type { Dedupe } from './identity.ts'
import type { Recorder } from '../observe/recorder.ts'
import type { Reply } from './reply/reply.ts'
import type { Silence } from '../observe/silence.ts'
import type { Writes } from './writes.ts'

/** The receiver as the steps of a delivery see it. */
export interface ReceiveContext {
  readonly receiver: string
  readonly provider: Provider
  readonly port: Port
  readonly answers: Answers
  readonly observer: Observer
  readonly now: () => number
  /** Milliseconds of a clock that never goes back, for durations. */
  readonly monotonic: () => number
  /** Writes the journal, if the inbox keeps one. */
  readonly recorder: Recorder | undefined
  readonly silence: Silence
  readonly writes: Writes
  readonly explainer: Explainer | undefined
  /** Undefined if no observer asks, or the inbox cannot tell. */
  readonly conflicts: () => ConflictWatch | undefined
  readonly limits: Limits
  readonly ack: Reply
  readonly exact: boolean
  /** A Content-Type that contradicts the format is refused. */
  readonly strictLabels: boolean
  readonly dedupe: Dedupe
  readonly onUnhandled: 'acknowledge' | 'store' | 'refuse'
  /** True if nothing subscribes and nobody said that this is meant: every event would be lost. */
  readonly isDeaf: () => boolean
  /** Set if less than all is kept of events whose tasks are done. */
  readonly keepBody: KeepBody | undefined
  readonly fairBy: ((event: WebhookEvent) => string) | undefined
  readonly subscriptionsOf: (event: EventDraft) => readonly Subscription[]
  readonly admit: (head: Delivery) => Admission
  readonly strip: (delivery: Delivery, receivedAt: number) => StoredDelivery
}
