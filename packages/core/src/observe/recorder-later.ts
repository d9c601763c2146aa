import type { Recorder, RecorderContext } from './recorder.ts'

// The most entries that wait while the module loads, in a process that starts under load.
const MOST = 1000

/**
 * The recorder of a receiver. Its module is loaded with the first entry, so that apps start faster. Undefined if the
 * inbox keeps no journal, or `journal: false` is set.
 */
export function createRecorder(context: RecorderContext): Recorder | undefined {
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
    loading ??= import('./recorder.ts').then(
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
