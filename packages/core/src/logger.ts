import { errorText, textOf } from './errors.ts'
import { createLineBudget } from './line-budget.ts'
import type { AttemptInfo, EventInfo, Observer, RequestInfo } from './observer.ts'

/** Where log lines go: `console` fits, and so do pino and winston. */
export interface LogSink {
  info(line: string): void
  warn(line: string): void
  error(line: string): void
}

/** Options of {@link logger}. */
export interface LoggerOptions {
  /**
   * Lines of refusals in one second; a line then says how many more there were. Anybody can make a receiver refuse.
   * @default 10
   */
  readonly refusals?: number
}

/**
 * The default observer: a line for what an operator must see (refusals with their reason, failures, dead tasks,
 * warnings), none for what goes well, and never a payload, a header or a secret. Errors of handlers are logged with
 * their stack, since a failure after the early 200 would otherwise be seen by nobody.
 */
export function logger(sink: LogSink = console, options: LoggerOptions = {}): Observer {
  const { refusals = 10 } = options
  if (!Number.isInteger(refusals) || refusals < 0)
    throw new TypeError(
      `logger: refusals must be a whole number of lines, got ${JSON.stringify(refusals)}`,
    )
  const unhandled = new Set<string>()
  const budget = createLineBudget(refusals, (unprinted) =>
    sink.warn(
      `[postern] ${unprinted} more refusals within a second were not printed; observers were told of each`,
    ),
  )
  return {
    rejected(request, error) {
      if (!budget.take()) return
      sink.warn(
        `${head(request)} refused ${oneLine(request.method)} ${oneLine(request.path)}: ${error.code}, ${oneLine(error.message)}`,
      )
    },
    unhandled(event, action) {
      // Once a topic: senders subscribed to everything would fill the log. Topics come from the network, hence the bound.
      if (unhandled.has(event.topic) || unhandled.size >= 100) return
      unhandled.add(event.topic)
      sink.info(
        `${head(event)} ${action} ${oneLine(event.topic)}: no subscription matches (said once a topic)`,
      )
    },
    attemptFailed: (attempt, error) =>
      sink.warn(`${head(attempt)} ${task(attempt)} failed: ${stackOf(error)}`),
    dead: (attempt, error) =>
      sink.error(
        `${head(attempt)} ${task(attempt)} is dead: ${oneLine(error.message)}; replay it or let the sender deliver it again`,
      ),
    fenced: (attempt) =>
      sink.warn(
        `${head(attempt)} ${task(attempt)} ended after its claim was lost; its outcome was refused`,
      ),
    answerFailed: (event, error) =>
      sink.error(`${head(event)} answer to ${what(event)} failed: ${stackOf(error)}`),
    warning: (receiver, message) => sink.warn(`[postern ${receiver}] ${oneLine(message)}`),
  }
}

function head(about: RequestInfo | EventInfo): string {
  return `[postern ${about.receiver}]`
}

function what(event: EventInfo): string {
  return `${oneLine(event.topic)}${event.id === undefined ? '' : ` ${oneLine(event.id)}`}`
}

function task(attempt: AttemptInfo): string {
  return `${attempt.subscription} on ${what(attempt)}, attempt ${attempt.attempt},`
}

// Messages of handlers may quote a whole body.
const LONGEST = 16_384

function stackOf(error: unknown): string {
  const text = (textOf(error, 'stack') ?? errorText(error)).slice(0, LONGEST)
  // Messages may quote what the network sent: each further line is set in, so that none passes for a line of the log.
  return text
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map((line) => line.replaceAll(/\p{Cc}/gu, ' '))
    .join('\n    ')
}

// Topics, ids and paths come from the network: a line break in one must not forge a log line.
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').slice(0, 500)
}
