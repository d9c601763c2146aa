import { unref } from './basics/deadline.ts'
import { errorText, textOf } from './errors.ts'
import type { AttemptInfo, EventInfo, RequestInfo } from './observe/infos.ts'
import type { Observer } from './observer.ts'
import { checkFunction, unknownOptions } from './basics/unknown-options.ts'

/** The target of log lines: `console`, or a logger of pino or winston. */
export interface LogSink {
  info(line: string): void
  warn(line: string): void
  error(line: string): void
}

/** Options of {@link logger}. */
export interface LoggerOptions {
  /**
   * Maximum number of lines about rejections per second, since anybody can cause rejections. If more occur, one further
   * line gives the number of omitted lines. @default 10
   */
  readonly rejections?: number
}

/** Fields of a structured line: names and numbers, never a payload, a header or a secret. */
export type LogFields = Readonly<Record<string, string | number | undefined>>

export type LogWriter = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields: LogFields,
) => void

/**
 * Returns the default observer. It logs each rejection with its reason, and each failure, dead task and warning. It
 * also logs topics without a handler, actions of operators and catch-ups. It does not log successes, payloads, headers
 * or secrets. Errors of handlers are logged with their stack, since the sender has already received its reply.
 *
 * @example
 * createReceiver({ provider, log: logger(console, { rejections: 3 }) })
 */
export function logger(sink: LogSink = console, options: LoggerOptions = {}): Observer {
  for (const level of ['info', 'warn', 'error'] as const)
    checkFunction(`logger: sink.${level}`, Object(sink)[level])
  return loggerTo((level, message, { receiver }) => {
    sink[level](`[postern${receiver === undefined ? '' : ` ${receiver}`}] ${message}`)
  }, options)
}

/**
 * Returns an observer that logs the same lines as {@link logger}, with structured fields for pino, winston and readers
 * of JSON. Fields include receiver, provider, topic, id, subscription, task, attempt and code; for a rejection also
 * problem, header and field.
 *
 * @throws TypeError if an option is wrong.
 *
 * @example
 * structuredLogger((level, message, fields) => pino[level](fields, message))
 * structuredLogger((level, message, fields) => winston.log(level, message, fields))
 */
export function structuredLogger(write: LogWriter, options: LoggerOptions = {}): Observer {
  if (typeof write !== 'function')
    throw new TypeError(
      'structuredLogger: write must be a function of level, message and fields, such as (level, message, fields) => pino[level](fields, message)',
    )
  return loggerTo(write, options)
}

function loggerTo(write: LogWriter, options: LoggerOptions): Observer {
  unknownOptions('logger', options, ['rejections'])
  const { rejections = 10 } = options
  if (!Number.isInteger(rejections) || rejections < 0)
    throw new TypeError(
      `logger: rejections must be a whole number of lines, got ${JSON.stringify(rejections)}`,
    )
  const unhandled = new Set<string>()
  const mayPrint = createLineBudget(rejections, (unprinted) =>
    write(
      'warn',
      `${unprinted} more rejections in this second were not logged; observers received all of them`,
      { unprinted },
    ),
  )
  return {
    rejected(request, error) {
      if (!mayPrint()) return
      write(
        'warn',
        `rejected ${oneLine(request.method)} ${oneLine(request.path)}: ${error.code}, ${oneLine(error.message)}`,
        {
          ...ofRequest(request),
          code: error.code,
          problem: error.problem,
          ...(error.header !== undefined && { header: error.header }),
          ...(error.field !== undefined && { field: error.field }),
          reason: oneLine(error.message),
        },
      )
    },
    explained(request, { findings }) {
      for (const { cause, certainty, message, remedy } of findings) {
        if (certainty !== 'proven') return
        write('warn', `proven: ${cause}, ${oneLine(message)}; ${oneLine(remedy)}`, {
          ...ofRequest(request),
          cause,
        })
      }
    },
    unhandled(event, action) {
      // Each topic is logged once: a sender that sends all topics would fill the log. At most 100 topics are
      // remembered, since topics come from the network.
      if (unhandled.has(event.topic) || unhandled.size >= 100) return
      unhandled.add(event.topic)
      write(
        'info',
        `${action} ${oneLine(event.topic)}: no handler matches (logged once per topic)`,
        ofEvent(event),
      )
    },
    idConflict: (event) =>
      write(
        'warn',
        `${what(event)} came again with another body: the sender used an id twice, and only the first body was stored`,
        ofEvent(event),
      ),
    attemptFailed: (attempt, error) =>
      write('warn', `${runInWords(attempt)} failed: ${stackOf(error)}`, {
        ...ofAttempt(attempt),
        error: oneLine(errorText(error)),
      }),
    interrupted: ({ receiver, subscription, task: id, attempt, count }) =>
      write(
        'warn',
        `task of ${subscription} was interrupted (${count} in a row): the process died or its lease expired`,
        { receiver, subscription, task: id, attempt, interruptions: count },
      ),
    dead: (attempt, error) =>
      write(
        'error',
        `${runInWords(attempt)} is dead: ${oneLine(error.message)}; replay it or let the sender deliver it again`,
        { ...ofAttempt(attempt), error: oneLine(error.message) },
      ),
    outcomeRejected: (attempt) =>
      write(
        'warn',
        `${runInWords(attempt)} ended after its claim was lost; its outcome was rejected`,
        ofAttempt(attempt),
      ),
    answerFailed: (event, error) =>
      write('error', `answer to ${what(event)} failed: ${stackOf(error)}`, {
        ...ofEvent(event),
        error: oneLine(errorText(error)),
      }),
    operatorActed: ({ action, as, count, target }) =>
      write('info', `${oneLine(as ?? 'somebody')}: ${action} of ${count}, ${oneLine(target)}`, {
        action,
        ...(as !== undefined && { as: oneLine(as) }),
        count,
        target: oneLine(target),
      }),
    silent: (receiver, since) =>
      write('warn', `no verified delivery since ${new Date(since).toISOString()}`, { receiver }),
    catchUpEnded(receiver, { source, listed, accepted, asked, failed, complete, cut }) {
      if (accepted + asked + failed === 0 && complete) return
      const left =
        cut === 'limit'
          ? '; the range has more events than limit, so the older ones were left out'
          : complete
            ? ''
            : "; the sender's list does not end, so the rest was left out"
      write(
        failed > 0 || !complete ? 'warn' : 'info',
        `caught up with ${oneLine(source)}: ${listed} listed, ${accepted} accepted, ${asked} requested again, ${failed} failed${left}`,
        { receiver, listed, accepted, asked, failed },
      )
    },
    warning: (receiver, message) => write('warn', oneLine(message), { receiver }),
  }
}

function ofRequest({ receiver, provider, method, path, bytes }: RequestInfo): LogFields {
  return { receiver, provider, method: oneLine(method), path: oneLine(path), bytes }
}

function ofEvent({ receiver, provider, topic, id, tenant }: EventInfo): LogFields {
  return {
    receiver,
    provider,
    topic: oneLine(topic),
    ...(id !== undefined && { id: oneLine(id) }),
    ...(tenant !== undefined && { tenant: oneLine(tenant) }),
  }
}

function ofAttempt(info: AttemptInfo): LogFields {
  const { subscription, task: id, attempt } = info
  return { ...ofEvent(info), subscription, task: id, attempt }
}

function what(event: EventInfo): string {
  return `${oneLine(event.topic)}${event.id === undefined ? '' : ` ${oneLine(event.id)}`}`
}

function runInWords(attempt: AttemptInfo): string {
  return `${attempt.subscription} on ${what(attempt)}, attempt ${attempt.attempt},`
}

// Maximum length of a logged stack, in characters: error messages of handlers may quote a complete body.
const LONGEST = 16_384

function stackOf(error: unknown): string {
  const text = (textOf(error, 'stack') ?? errorText(error)).slice(0, LONGEST)
  // Messages may quote untrusted text. Each further line is indented, so that it does not look like another log line.
  return text
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map((line) => line.replaceAll(/\p{C}/gu, ' '))
    .join('\n    ')
}

/** Replaces control characters and line breaks in names from the network, which must not fake log lines. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').slice(0, 500)
}

const SECOND = 1000

/**
 * Returns a function to call before each line; its result is true if the line may be printed. In each second, the first
 * `lines` calls return true. Then `tell` is called with the number of calls that returned false.
 */
function createLineBudget(lines: number, tell: (unprinted: number) => void): () => boolean {
  let ends = 0
  let left = lines
  let unprinted = 0

  return () => {
    if (performance.now() >= ends) {
      flush()
      ends = performance.now() + SECOND
      left = lines
    }
    if (left-- > 0) return true
    if (unprinted++ === 0) later(flush)
    return false
  }

  function flush(): void {
    if (unprinted === 0) return
    const count = unprinted
    unprinted = 0
    tell(count)
  }
}

function later(flush: () => void): void {
  try {
    unref(setTimeout(flush, SECOND))
  } catch {
    // Workers allow no timers outside of a request. In that case, the number is logged with the next rejection.
  }
}
