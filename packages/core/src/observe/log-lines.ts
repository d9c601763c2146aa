import { errorText, textOf } from '../errors.ts'
import type { AttemptInfo, EventInfo, RequestInfo } from './infos.ts'

/** The fields of a structured line: names and numbers, never a payload, a header or a secret. */
export type LogFields = Readonly<Record<string, string | number | undefined>>

/** What is told of a request. */
export function ofRequest({ receiver, provider, method, path, bytes }: RequestInfo): LogFields {
  return { receiver, provider, method: oneLine(method), path: oneLine(path), bytes }
}

/** What is told of an event. */
export function ofEvent({ receiver, provider, topic, id, tenant }: EventInfo): LogFields {
  return {
    receiver,
    provider,
    topic: oneLine(topic),
    ...(id !== undefined && { id: oneLine(id) }),
    ...(tenant !== undefined && { tenant: oneLine(tenant) }),
  }
}

/** What is told of a run. */
export function ofAttempt(info: AttemptInfo): LogFields {
  const { subscription, task: id, attempt } = info
  return { ...ofEvent(info), subscription, task: id, attempt }
}

/** An event in words. */
export function what(event: EventInfo): string {
  return `${oneLine(event.topic)}${event.id === undefined ? '' : ` ${oneLine(event.id)}`}`
}

/** A run in words. */
export function runInWords(attempt: AttemptInfo): string {
  return `${attempt.subscription} on ${what(attempt)}, attempt ${attempt.attempt},`
}

// Messages of handlers may quote a whole body.
const LONGEST = 16_384

/** The stack of an error, or its text. */
export function stackOf(error: unknown): string {
  const text = (textOf(error, 'stack') ?? errorText(error)).slice(0, LONGEST)
  // Messages may quote what the network sent: each further line is set in, so that none passes for a line of the log.
  return text
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map((line) => line.replaceAll(/\p{C}/gu, ' '))
    .join('\n    ')
}

/** Topics, ids and paths come from the network: a line break in one must not forge a log line, nor a mark turn it. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').slice(0, 500)
}
