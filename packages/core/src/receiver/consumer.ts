import type { Consumer, Lane } from '../inbox/inbox.ts'
import type { Recorder, RecorderContext } from '../observe/recorder.ts'
import type { Erasure } from '../receive/erasure.ts'
import { errorText } from '../errors.ts'
import type { AttemptInfo } from '../observe/infos.ts'
import type { Observer } from '../observer.ts'
import type { run as runAttempt } from '../subscribe/run/run.ts'
import { attemptInfo, type RunContext } from '../subscribe/run/run-context.ts'
import { UNHANDLED } from '../subscribe/subscription.ts'
import type { TaskError } from '../inbox/view.ts'

// Maximum number of journal entries that wait while the recorder's module loads. A process may start under load.
const MOST = 1000

/** Returns a recorder that loads its module at the first entry, for a fast start; undefined without a journal. */
export function createLazyRecorder(context: RecorderContext): Recorder | undefined {
  if (!context.inbox.journal || context.kept === undefined) return undefined
  let recorder: Recorder | undefined
  let loading: Promise<void> | undefined
  let waiting: ((ready: Recorder) => void)[] = []

  return {
    // Once the recorder is loaded, this method makes no closure and no list of arguments, since it runs for each
    // delivery.
    answered(exchange, reply, took, what) {
      if (recorder) recorder.answered(exchange, reply, took, what)
      else pass((ready) => ready.answered(exchange, reply, took, what))
    },
    verified(delivery, at) {
      if (recorder) recorder.verified(delivery, at)
      else pass((ready) => ready.verified(delivery, at))
    },
    took: (...entry) => pass((ready) => ready.took(...entry)),
    settled(claim, outcome, ran) {
      if (recorder) recorder.settled(claim, outcome, ran)
      else pass((ready) => ready.settled(claim, outcome, ran))
    },
    interrupted: (...entry) => pass((ready) => ready.interrupted(...entry)),
    folded: (...entry) => pass((ready) => ready.folded(...entry)),
    start: () => pass((ready) => ready.start()),
    async flush() {
      await loading
      await recorder?.flush()
    },
    async close() {
      await loading
      await recorder?.close()
    },
  }

  function pass(entry: (ready: Recorder) => void): void {
    if (recorder) return entry(recorder)
    if (waiting.length < MOST) waiting.push(entry)
    loading ??= import('../observe/recorder.ts').then(
      (module) => {
        recorder = module.createRecorder(context)
        for (const each of waiting) each(recorder)
        waiting = []
      },
      (error: unknown) => {
        waiting = []
        context.warn(`the journal could not be loaded: ${String(error)}`)
      },
    )
  }
}

interface ConsumerContext extends RunContext {
  readonly retrySpan: number
  readonly failed: (error: unknown) => void
  readonly monotonic: () => number
  readonly recorder: Recorder | undefined
  readonly erasure: Erasure | undefined
  readonly deadListeners: readonly ((task: AttemptInfo, error: TaskError) => unknown)[]
}

type Runner = { readonly run: typeof runAttempt }

/** Creates the object through which the inbox uses the receiver: subscriptions, runs, listeners for outcomes. */
export function createConsumer(context: ConsumerContext): Consumer {
  const { observer } = context
  let runner: Runner | undefined
  let known: readonly Lane[] = []
  return {
    receiver: context.receiver,
    retrySpan: context.retrySpan,
    now: context.now,
    monotonic: context.monotonic,
    lanes,
    run(claim, signal) {
      if (runner) return runner.run(context, claim, signal)
      // The module is loaded at the first run: a process with `worker: false` never runs a task.
      return import('../subscribe/run/run.ts').then((loaded) =>
        (runner = loaded).run(context, claim, signal),
      )
    },
    settled(claim, outcome, stored, ran) {
      if (!stored) return observer.outcomeRejected?.(attemptInfo(context, claim))
      context.recorder?.settled(claim, outcome, ran)
      if (outcome.kind === 'done') {
        context.erasure?.ended(claim.event)
        return observer.done?.(attemptInfo(context, claim), ran?.duration ?? 0)
      }
      if (outcome.kind === 'retry')
        return observer.retried?.(attemptInfo(context, claim), outcome.at)
      if (outcome.kind === 'dead')
        tellDead(observer, context, attemptInfo(context, claim), outcome.error)
    },
    interrupted(interruption) {
      context.recorder?.interrupted(interruption.subscription)
      observer.interrupted?.({ receiver: context.receiver, ...interruption })
    },
    folded({ passing, ...folded }) {
      const { subscription, into } = folded
      context.recorder?.folded(subscription, into === undefined)
      if (passing !== undefined) context.erasure?.ended({ key: passing, passing: true })
      observer.folded?.({ receiver: context.receiver, ...folded })
    },
    deleted: (key) => context.erasure?.ended({ key, passing: true }),
    failed: context.failed,
    warn: (message) => observer.warning?.(context.receiver, message),
  }

  /** Returns the subscriptions, which the inbox calls lanes, and a lane for events without a subscription. */
  function lanes(): readonly Lane[] {
    const { all } = context.subscriptions
    if (all.length === 0) return all
    if (known.length !== all.length + 1) known = [...all, UNHANDLED_LANE]
    return known
  }
}

const UNHANDLED_LANE: Lane = {
  name: UNHANDLED,
  previousNames: [],
  concurrency: 10,
  ordered: false,
  timeout: 60_000,
  attempts: 8,
}

function tellDead(
  observer: Observer,
  context: ConsumerContext,
  task: AttemptInfo,
  error: TaskError,
): void {
  observer.dead?.(task, error)
  for (const listener of context.deadListeners) {
    // If a listener throws, the other listeners and the inbox must still get the outcome.
    void Promise.resolve()
      .then(() => listener(task, error))
      .catch((failure: unknown) =>
        observer.warning?.(context.receiver, `onDead failed: ${errorText(failure)}`),
      )
  }
}
