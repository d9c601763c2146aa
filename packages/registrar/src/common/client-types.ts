import type { RegistrarErrorCode } from '../errors.ts'
import type { ApiOptions } from './options.ts'

/** How one sender's API is called. */
export interface ClientSpec extends ApiOptions {
  /** The provider's title, for messages. */
  readonly title: string
  readonly api: string
  /** Headers of each request: the token's, and what the sender wants next to it. */
  headers(): Promise<Readonly<Record<string, string>>>
  /** Parameters of each request's query: a token, at the senders that want it there. */
  readonly query?: () => Promise<Readonly<Record<string, string>>>
  /** Removes secrets from a string before it becomes part of a message; for APIs with a token in the path. */
  readonly secrets?: () => readonly string[]
  /** Milliseconds to wait before the request is sent again, for senders with rules of their own. */
  readonly wait429?: (answer: ApiAnswer) => number | undefined
  /** The error in a 2xx answer, for senders that answer errors so. */
  readonly judge?: (answer: ApiAnswer) => ApiFault | undefined
  /** Reads what the sender says of an error. @default the `message` or `error` members of its JSON */
  readonly explain?: (body: unknown) => string | undefined
}

/** An error in the form of an answer. */
export interface ApiFault {
  readonly code: RegistrarErrorCode
  readonly reason?: string
  /** Milliseconds after which the request may be sent again. */
  readonly wait?: number
}

/** One request. */
export interface ApiRequest {
  /** A list becomes one parameter for each of its values. */
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>
  readonly json?: unknown
  readonly form?: URLSearchParams
  readonly headers?: Readonly<Record<string, string>>
  /** Whether it may be sent twice. @default true for GET, PUT and DELETE */
  readonly repeatable?: boolean
  /** Statuses next to 2xx that are an answer and no error. */
  readonly allow?: readonly number[]
  /** Secrets of the body: they are removed from messages if the sender repeats them. */
  readonly secrets?: readonly string[]
  /** What messages call the path, if it holds a secret. */
  readonly named?: string
}

/** What the sender answered. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  /** The body as it came. */
  readonly text: string
  /** The body's JSON, or undefined if it is none. */
  readonly json: unknown
}

/** Calls a sender's API. */
export type ApiCall = (method: string, path: string, request?: ApiRequest) => Promise<ApiAnswer>
