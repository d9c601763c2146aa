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
    answered: (...entry) => pass((ready) => ready.answered(...entry)),
    verified: (...entry) => pass((ready) => ready.verified(...entry)),
    took: (...entry) => pass((ready) => ready.took(...entry)),
    settled: (...entry) => pass((ready) => ready.settled(...entry)),
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
