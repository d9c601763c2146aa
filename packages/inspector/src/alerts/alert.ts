import type { MaybePromise } from '@postern/core'

/** Something begins to need a look, or needs none any more. */
export interface Alert {
  /** The same for the beginning and the end. */
  readonly id: string
  readonly state: 'begun' | 'ended'
  /** A cause of dead tasks, a burst of refusals, a silent sender, tasks that wait too long, or an inbox that does not answer. */
  readonly kind: 'dead' | 'refused' | 'silent' | 'late' | 'inbox'
  /** One line in printable characters; what came from the network is escaped. */
  readonly text: string
  /** Name of the app, as the `name` option gives it. */
  readonly app: string
  readonly receiver?: string
  /** Milliseconds since 1970. */
  readonly since: number
  /** When it was seen, in milliseconds since 1970. */
  readonly at: number
}

/** Where alerts go: a function, or a source of `@postern/forward`, which signs them and tries again. */
export type AlertTarget = ((alert: Alert) => MaybePromise<unknown>) | AlertSource

/** The member of `createSource()` that alerts use: topics are `alert.begun` and `alert.ended`. */
export interface AlertSource {
  emit(message: {
    readonly topic: string
    readonly payload: unknown
    readonly id: string
  }): Promise<unknown>
}

/** Hands an alert to its target. */
export async function sendAlert(to: AlertTarget, alert: Alert): Promise<void> {
  if (typeof to === 'function') await to(alert)
  else
    await to.emit({
      topic: `alert.${alert.state}`,
      payload: alert,
      // Of two processes that tell the same, the inbox of the source drops the second.
      id: `alert_${alert.id}_${alert.state}`,
    })
}
