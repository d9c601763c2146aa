import type { WebhookError } from './errors.ts'
import type { EventRecord } from './event.ts'
import type { TaskError } from './inbox/inbox.ts'

/** A request, as far as observers may know it: no header, no query, no body. */
export interface RequestInfo {
  readonly receiver: string
  readonly provider: string
  readonly method: string
  /** Path of the URL, without query. */
  readonly path: string
  /** Bytes on the wire. */
  readonly bytes: number
}

/** An event, as far as observers may know it. */
export interface EventInfo {
  readonly receiver: string
  readonly provider: string
  readonly id: string | undefined
  readonly topic: string
  readonly scope: string | undefined
}

/** An attempt at a task. */
export interface AttemptInfo extends EventInfo {
  readonly subscription: string
  readonly task: string
  /** 1 for the first. */
  readonly attempt: number
}

/**
 * What happens, one method each. All are optional, synchronous and must be quick; what they throw is swallowed, since
 * watching must not change what is watched. None is given a payload, a secret or a signature.
 */
export interface Observer {
  /** A request was read and goes down the line. */
  received?(request: RequestInfo): void
  /** A request was refused; `error.code` is the reason and `error.message` explains it. */
  rejected?(request: RequestInfo, error: WebhookError): void
  /** A handshake was answered. */
  handshake?(request: RequestInfo): void
  /** An event was stored and will be handled. */
  accepted?(event: EventInfo, tasks: number): void
  /** An event was known already; `revived` where its failed tasks run again. */
  duplicate?(event: EventInfo, revived: boolean): void
  /** No subscription matched. */
  unhandled?(event: EventInfo, action: 'acknowledged' | 'stored' | 'refused'): void
  attemptStarted?(attempt: AttemptInfo): void
  /** An attempt failed, with the error as it was thrown. */
  attemptFailed?(attempt: AttemptInfo, error: unknown): void
  /** The task will be tried again at the time given, in milliseconds since 1970. */
  retried?(attempt: AttemptInfo, at: number): void
  /** The handler wanted the task to wait until the time given, in milliseconds since 1970: no attempt was used. */
  postponed?(attempt: AttemptInfo, at: number): void
  /** The task is done. `duration` in milliseconds. */
  done?(attempt: AttemptInfo, duration: number): void
  /** The task was given up. */
  dead?(attempt: AttemptInfo, error: TaskError): void
  /** An attempt ended after its claim was lost (timeout, lease expiry): what it reported was refused. */
  fenced?(attempt: AttemptInfo): void
  /** An answer function failed or was late. */
  answerFailed?(event: EventInfo, error: unknown): void
  /** Something an operator should know: a window shortened, an unsafe setting. */
  warning?(receiver: string, message: string): void
}

/** An event as observers may know it. */
export function eventInfo(receiver: string, event: EventRecord): EventInfo {
  const { provider, id, topic, scope } = event
  return { receiver, provider, id, topic, scope }
}

/** One observer that calls all of them and lets none of their errors through. Without any, every call is a no-op. */
export function combineObservers(observers: readonly Observer[]): Observer {
  const combined: Record<string, (...args: unknown[]) => void> = {}
  for (const name of NAMES) {
    const heard = observers.filter((observer) => observer[name] !== undefined)
    if (heard.length === 0) continue
    combined[name] = (...args) => {
      for (const observer of heard) {
        try {
          ;(observer[name] as (...args: unknown[]) => void).apply(observer, args)
        } catch {
          // Watching must not change what is watched.
        }
      }
    }
  }
  return combined as Observer
}

const NAMES = [
  'received',
  'rejected',
  'handshake',
  'accepted',
  'duplicate',
  'unhandled',
  'attemptStarted',
  'attemptFailed',
  'retried',
  'postponed',
  'done',
  'dead',
  'fenced',
  'answerFailed',
  'warning',
] as const satisfies readonly (keyof Observer)[]
