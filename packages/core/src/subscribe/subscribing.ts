import { checkFunction, rejectNull, unknownOptions } from '../basics/unknown-options.ts'
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

interface Subscribing {
  readonly subscriptions: Subscriptions
  readonly answers: ReturnType<typeof createAnswers>
  readonly deadListeners: readonly DeadListener[]
  topics(): readonly string[]
  readonly on: (topics: unknown, ...rest: readonly unknown[]) => void
  readonly onAny: (...rest: readonly unknown[]) => void
  readonly onDead: (listener: DeadListener) => void
  readonly answer: (topics: unknown, answer: unknown, options?: AnswerOptions) => void
}

type DeadListener = (task: AttemptInfo, error: TaskError) => unknown

export function createSubscribing(
  receiver: string,
  inbox: Inbox,
  started: () => boolean,
): Subscribing {
  const subscriptions = createSubscriptions(inbox.can.durable)
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
        `receiver ${receiver}: subscribe before the first delivery; events that came before would have no task for this handler`,
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
        `orderingKey: ${inbox.name} can't order events; use sqliteInbox, postgresInbox, mysqlInbox or memoryInbox`,
      )
    if (options.debounce && !inbox.can.order)
      throw new TypeError(
        `debounce: ${inbox.name} can't fold events; use sqliteInbox, postgresInbox, mysqlInbox or memoryInbox`,
      )
    return { options, handler: handler as Handler }
  }
}

function asArray(topics: unknown): readonly string[] {
  return typeof topics === 'string' ? [topics] : (topics as readonly string[])
}
