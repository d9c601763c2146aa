import { checkFunction, rejectNull, unknownOptions, distance } from '../basics/unknown-options.ts'
import type { Inbox } from '../inbox/inbox.ts'
import type { AttemptInfo } from '../observe/infos.ts'
import { createAnswers, type AnswerFunction, type AnswerOptions } from '../receive/reply/answer.ts'
import {
  createSubscriptions,
  SUBSCRIPTION_OPTIONS,
  type Handler,
  type SubscriptionOptions,
  type Subscriptions,
} from './subscription.ts'
import type { TaskError } from '../inbox/view.ts'

/** The argument of {@link createSubscribing}. */
interface SubscribingHost {
  /** Name of the receiver. */
  readonly name: string
  readonly inbox: Inbox
  /** True once it took a delivery: then nothing more can be subscribed. */
  readonly started: () => boolean
}

/** What an app subscribes to at a receiver: handlers, answers, and listeners for dead tasks. */
export interface Subscribing {
  readonly subscriptions: Subscriptions
  readonly answers: ReturnType<typeof createAnswers>
  readonly deadListeners: readonly DeadListener[]
  /** All patterns of handlers and answers, each once. */
  topics(): readonly string[]
  /** As `receiver.on`, whose options are optional. */
  on(topics: unknown, ...rest: readonly unknown[]): void
  onAny(...rest: readonly unknown[]): void
  onDead(listener: DeadListener): void
  answer(topics: unknown, answer: unknown, options?: AnswerOptions): void
}

type DeadListener = (task: AttemptInfo, error: TaskError) => unknown

/** Makes a {@link Subscribing}. */
export function createSubscribing({ name, inbox, started }: SubscribingHost): Subscribing {
  const subscriptions = createSubscriptions({ topicCache: 1000, durable: inbox.can.durable })
  const answers = createAnswers()
  const answered: string[] = []
  const deadListeners: DeadListener[] = []

  return {
    subscriptions,
    answers,
    deadListeners,
    topics: () => [
      ...new Set([
        ...subscriptions.all.flatMap((subscription) => subscription.patterns),
        ...answered,
      ]),
    ],
    on(topics, ...rest) {
      checkOpen()
      const { options, handler } = read(rest)
      subscriptions.add(asArray(topics), options, handler)
    },
    onAny(...rest) {
      checkOpen()
      const { options, handler } = read(rest)
      subscriptions.addAny(options, handler)
    },
    onDead(listener) {
      checkFunction('onDead: listener', listener)
      deadListeners.push(listener)
    },
    answer(topics, answer, options = {}) {
      checkOpen()
      unknownOptions('answer', options, ['deadline', 'late'])
      answers.add(asArray(topics), options, answer as AnswerFunction)
      answered.push(...asArray(topics))
    },
  }

  function checkOpen(): void {
    if (started())
      throw new TypeError(
        `receiver ${name}: subscribe before the first delivery; events that came before would have no task for this handler`,
      )
  }

  function read(rest: readonly unknown[]): {
    readonly options: SubscriptionOptions
    readonly handler: Handler
  } {
    const [given = {}, handler] = rest.length === 1 ? [{}, rest[0]] : rest
    unknownOptions('on', given, SUBSCRIPTION_OPTIONS)
    rejectNull('on', given as object)
    const options = given as SubscriptionOptions
    if (options.orderingKey && !inbox.can.order)
      throw new TypeError(
        `orderingKey: ${inbox.name} can't order events; use sqliteInbox, postgresInbox or memoryInbox`,
      )
    return { options, handler: handler as Handler }
  }
}

function asArray(topics: unknown): readonly string[] {
  return typeof topics === 'string' ? [topics] : (topics as readonly string[])
}

/**
 * Finds handlers whose topic is probably misspelt, for apps without types of topics: a pattern that is not a known topic of
 * the sender, but differs from one by a typing error. Not all topics are known, so another word (`reopened` beside
 * `opened`) is no typing error. Returns a sentence for each.
 */
export function topicTypos(
  sender: string,
  patterns: readonly string[],
  known: readonly string[],
): readonly string[] {
  return patterns
    .filter((pattern) => !pattern.includes('*') && !known.includes(pattern))
    .flatMap((pattern) => {
      const meant = known.find((topic) => isTypo(pattern, topic))
      if (meant === undefined) return []
      return `a handler is for ${pattern}, which isn't a known topic of ${sender}; did you mean ${meant}?`
    })
}

function isTypo(one: string, other: string): boolean {
  if (plain(one) === plain(other)) return true
  // `ProjectUpdate` is another name beside `Project.update`.
  if (plain(one).split('.').length !== plain(other).split('.').length) return false
  const changes = distance(one, other)
  if (changes === 1) return one.length > 4
  if (changes !== 2 || one.length < 8) return false
  // Two letters that changed places; or one too many and another one wrong. `un` in front is another word.
  return one.length === other.length
    ? sortedLetters(one) === sortedLetters(other)
    : Math.abs(one.length - other.length) === 1
}

function sortedLetters(topic: string): string {
  return topic.split('').toSorted().join('')
}

// `Invoice_Paid` beside `invoice.paid`.
function plain(topic: string): string {
  return topic.toLowerCase().replaceAll(/[^a-z0-9]/g, '.')
}
