import { checkTransaction } from '../receive/foreign-transaction.ts'
import { sealedPort } from '../inbox/sealed-port.ts'
import type { Port } from '../inbox/inbox.ts'
import type { Recorder, RecorderContext } from '../observe/recorder.ts'
import { createSilence } from '../observe/silence.ts'
import { createAdmit } from '../receive/admit.ts'
import { createConflictWatch } from '../receive/conflict.ts'
import { createErasure, type Erasure } from '../receive/erasure.ts'
import { createExplainer } from '../receive/explainer.ts'
import type { ReceiveContext } from '../receive/identify.ts'
import { stripper } from '../receive/strip.ts'
import { createWrites } from '../receive/writes.ts'
import { createConsumer } from '../subscribe/run/consumer.ts'
import type { Subscribing } from '../subscribe/subscribing.ts'
import type { CheckedOptions } from './checked-options.ts'

/** The argument of {@link createParts}. */
interface PartsContext {
  readonly settings: CheckedOptions
  readonly subscribing: Subscribing
  /** Throws if the receiver is closed. */
  readonly ensureOpen: () => void
  readonly isDeaf: () => boolean
  readonly warn: (message: string) => void
}

/** What a receiver is made of: what the steps of a delivery need, and its side of the inbox with what hears of outcomes there. */
export interface Parts {
  readonly context: ReceiveContext
  readonly port: Port
  readonly recorder: Recorder | undefined
  readonly erasure: Erasure | undefined
}

/** Makes the parts of a receiver, and attaches it to its inbox. */
export function createParts({
  settings,
  subscribing,
  ensureOpen,
  isDeaf,
  warn,
}: PartsContext): Parts {
  const { provider, name, inbox, observer, now, monotonic, seal, keepBody } = settings
  const { subscriptions, answers, deadListeners } = subscribing
  const writes = createWrites(monotonic)
  const recorder = createRecorder({
    failed: (error) => writes.failed(error),
    receiver: name,
    inbox,
    kept: settings.journal ? settings.rejectedBodies : undefined,
    seal,
    provider,
    now,
    monotonic,
    warn,
  })
  const erasure =
    keepBody && inbox.view
      ? createErasure({ receiver: name, view: inbox.view, keepBody, seal, warn })
      : undefined
  const consumer = createConsumer({
    failed: (error) => writes.failed(error),
    receiver: name,
    inbox: inbox.name,
    retrySpan: provider.retrySpan ?? 0,
    subscriptions,
    observer,
    recorder,
    erasure,
    now,
    monotonic,
    tenantKey: settings.tenantKey,
    deadListeners,
  })
  const attached = seal
    ? sealedPort(seal, consumer, (sealing) => inbox.attach(sealing))
    : inbox.attach(consumer)
  const port: Port = {
    ...attached,
    accept(intake, host) {
      // Any other host was checked when the delivery was given.
      if (host.transaction) checkTransaction(host, inbox.name)
      return attached.accept(intake, host)
    },
  }
  let conflicts: ReturnType<ReceiveContext['conflicts']>
  const context: ReceiveContext = {
    ...settings,
    receiver: name,
    port,
    answers,
    recorder,
    silence: createSilence({ name, limit: settings.silentAfter, now, observer }),
    writes,
    explainer:
      settings.explain === undefined
        ? undefined
        : createExplainer({ ...settings, ms: settings.explain }),
    // Observers can be added later.
    conflicts: () =>
      observer.idConflict && inbox.view
        ? (conflicts ??= createConflictWatch(name, inbox.view, now, seal))
        : undefined,
    isDeaf,
    subscriptionsOf: (event) => subscriptions.match(event),
    strip: stripper(provider.credentials),
    admit: createAdmit({ ...settings, ensureOpen }),
  }
  return { context, port, recorder, erasure }
}

// The most entries that wait while the module loads, in a process that starts under load.
const MOST = 1000

/**
 * The recorder of a receiver. Its module is loaded with the first entry, so that apps start faster. Undefined if the
 * inbox keeps no journal, or `journal: false` is set.
 */
function createRecorder(context: RecorderContext): Recorder | undefined {
  if (!context.inbox.journal || context.kept === undefined) return undefined
  let recorder: Recorder | undefined
  let loading: Promise<void> | undefined
  let waiting: ((ready: Recorder) => void)[] = []

  return {
    // Those of each delivery pass on at once: a closure and a list of arguments cost as much as what they count.
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
