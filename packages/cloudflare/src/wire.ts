import { isWebhookError, WebhookError, type ErrorCode } from '@postern/core'
import {
  decodeDelivery,
  decodeEvent,
  encodeDelivery,
  encodeEvent,
  type Guard,
  type Intake,
  type TaskDraft,
} from '@postern/core/inbox'
import { errorText } from '@postern/core/scheme'

/** What a Worker may ask of the object beside accepting. */
export type WirePart = 'view' | 'records' | 'journal'

/** A delivery on its way from a Worker: strings, bytes and plain objects alone, which any two versions read alike. */
export interface WireIntake {
  readonly head: string
  readonly body: Uint8Array
  /** How long the Worker takes ids to be known, in milliseconds. */
  readonly window: number
  readonly items: readonly {
    readonly record: string
    readonly guards: readonly Guard[] | undefined
    readonly tasks: readonly TaskDraft[]
  }[]
}

/** The result of a call, or its error, which would lose its class on the way. */
export type WireAnswer<T> = { readonly value: T } | { readonly thrown: WireError }

/** The parts of an error. */
export interface WireError {
  readonly message: string
  /** A mistake in code that uses the inbox. */
  readonly mistake: boolean
  /** Of a refusal. */
  readonly code?: ErrorCode
  readonly retryAfter?: number
}

/** Of {@link fromWire}. */
export function toWire({ delivery, items }: Intake, window: number): WireIntake {
  return {
    ...encodeDelivery(delivery),
    window,
    items: items.map(({ event, tasks }) => ({
      record: encodeEvent(event, delivery),
      guards: event.guards,
      tasks,
    })),
  }
}

/** The intake of {@link toWire}. */
export function fromWire({ head, body, items }: WireIntake): Intake {
  const delivery = decodeDelivery(head, body)
  return {
    delivery,
    items: items.map(({ record, guards, tasks }) => ({
      event: { ...decodeEvent(record, delivery), ...(guards && { guards }) },
      tasks,
    })),
  }
}

/** An error as its parts. */
export function thrownOf(error: unknown): WireError {
  const message = errorText(error)
  if (!isWebhookError(error)) return { message, mistake: error instanceof TypeError }
  const { code, retryAfter } = error
  return { message, mistake: false, code, ...(retryAfter !== undefined && { retryAfter }) }
}

/** The error of {@link thrownOf}. */
export function thrownError({ message, mistake, code, retryAfter }: WireError): Error {
  if (code !== undefined)
    return new WebhookError(code, message, { ...(retryAfter !== undefined && { retryAfter }) })
  return mistake ? new TypeError(message) : new Error(message)
}
