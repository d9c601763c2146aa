import { MAX_TIMER, milliseconds, type Duration } from '../../basics/deadline.ts'
import { WebhookError } from '../../errors.ts'
import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import { emptyReply, isReply, jsonReply, textReply, xmlReply, type Reply } from './reply.ts'
import type { WebhookEvent } from '../../event.ts'
import { createTopicTable } from '../../subscribe/topics.ts'

/**
 * The result of an answer function: a complete reply, a string, a JSON value, or undefined for an empty reply. A string
 * that starts with `<`, such as TwiML, is sent as `text/xml`.
 */
export type Answer =
  | Reply
  | string
  | { readonly [key: string]: unknown }
  | readonly unknown[]
  | undefined
  | void

/**
 * Returns the reply to the sender. The function runs after the event was stored, also for duplicates. A failed call is
 * not retried.
 */
export type AnswerFunction<Event extends WebhookEvent = WebhookEvent> = (
  event: Event,
) => MaybePromise<Answer>

/** Options of `answer`. */
export interface AnswerOptions {
  /** Maximum time for the function. @default '2500ms', since Slack waits three seconds for the reply */
  readonly deadline?: Duration
  /**
   * The reply to send if the function takes longer than `deadline`. @default an empty 200, or the provider's rejection
   * if the sender acts on the reply
   */
  readonly late?: Reply
}

interface RegisteredAnswer {
  readonly answer: AnswerFunction
  readonly deadline: number
  readonly late: Reply | undefined
}

export interface Answers {
  add(patterns: readonly string[], options: AnswerOptions, answer: AnswerFunction): void
  match(topic: string, aliases: readonly string[]): RegisteredAnswer | undefined
  any(): boolean
}

/**
 * Creates the list of answer functions. If several functions match a topic, the function that was added first is used.
 */
export function createAnswers(): Answers {
  const table = createTopicTable<RegisteredAnswer>()
  return {
    add(patterns, options, answer) {
      if (!Array.isArray(patterns) || patterns.length === 0)
        throw new TypeError("answer: topics must be at least one topic pattern, such as '/deploy'")
      if (typeof answer !== 'function')
        throw new TypeError(`answer(${patterns.join(', ')}) needs a function`)
      table.add(patterns, {
        answer,
        deadline: Math.min(
          milliseconds(options.deadline ?? '2500ms', 'answer: deadline'),
          MAX_TIMER,
        ),
        late: options.late,
      })
    },
    match: (topic, aliases) => table.match(topic, aliases)[0],
    any: () => table.size > 0,
  }
}

/**
 * Calls an answer function and returns its reply, within the deadline. If the function is late, returns the first of
 * these that is set: `late`, `rejection`, an empty 200. If the function throws, returns `rejection` if it is set, else
 * a 500. `rejection` is set if the sender acts on the reply. The event stays stored in all cases.
 */
export function answerReply(
  registered: RegisteredAnswer,
  event: WebhookEvent,
  rejection: Reply | undefined,
  onError: (error: unknown) => void,
): MaybePromise<Reply> {
  const failed = (error: unknown): Reply => {
    onError(error)
    if (rejection) return rejection
    throw new WebhookError('answer_failed', { problem: 'answer_failed' }, { cause: error })
  }
  try {
    const answer = registered.answer(event)
    return isPromise(answer)
      ? Promise.race([
          answer.then(toReply),
          deadline(registered, rejection, onError, answer),
        ]).catch(failed)
      : toReply(answer)
  } catch (error) {
    return failed(error)
  }
}

function deadline(
  registered: RegisteredAnswer,
  rejection: Reply | undefined,
  onError: (error: unknown) => void,
  answer: Promise<unknown>,
): Promise<Reply> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      onError(new Error(`no answer within its deadline of ${registered.deadline} ms`))
      resolve(registered.late ?? rejection ?? emptyReply())
    }, registered.deadline)
    const stop = (): void => clearTimeout(timer)
    answer.then(stop, stop)
  })
}

function toReply(answer: Answer): Reply {
  if (answer === undefined) return emptyReply()
  if (typeof answer === 'string') return /^\s*</.test(answer) ? xmlReply(answer) : textReply(answer)
  return isReply(answer) ? answer : jsonReply(answer)
}
