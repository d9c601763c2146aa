import { grouped } from '../../basics/grouped.ts'
import { errorText, WebhookError } from '../../errors.ts'
import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import type { BatchWork } from '../batch/backlog.ts'
import { createBatch, type Fault } from '../batch/batch.ts'
import { chain } from './steps.ts'
import type { Store } from './store.ts'
import { undone, type Undo } from './undo.ts'

/** How works of one kind are stored together. */
export interface LineOptions<Work extends BatchWork> {
  readonly rows: number
  readonly bytes: number
  readonly atOnce?: number
  readonly share?: number
  readonly waits?: readonly [first: number, longest: number]
  /** Writes a batch, all or nothing; what it returns is called once that is committed. */
  readonly put: (
    works: readonly Work[],
    until: number,
    undo: Undo,
  ) => MaybePromise<() => MaybePromise<void>>
  readonly fault: (error: unknown) => Fault
}

/** What waits to be stored. */
export interface LineBatch<Work> {
  add(work: Work): void
  /** Bytes that wait, of a store with one writer those of all kinds. */
  readonly waiting: number
  flushed(): Promise<void>
}

/** The batches of one store. Of a store with one writer, all that waits in a turn of the event loop shares a transaction. */
export interface Line {
  batch<Work extends BatchWork>(options: LineOptions<Work>): LineBatch<Work>
  /** Runs in a transaction at its end, behind what others made ready in it; at once if each batch has its own. */
  last(run: (undo: Undo) => MaybePromise<() => void>, failed: (error: unknown) => void): void
  flushed(): Promise<void>
  close(): void
}

/** Makes a {@link Line}. */
export function createLine(store: Store): Line {
  const refusal = (error: unknown): Error => store.refusal(error)
  const late = (reason?: unknown): Error => {
    const why = reason === undefined ? '' : `: ${errorText(reason)}`
    const message = `${store.name}: no commit within the deadline${why}`
    return new WebhookError('inbox_unavailable', message, { cause: reason })
  }
  return store.together ? oneWriter(store, store.together) : manyWriters()

  function manyWriters(): Line {
    const all: { flushed(): Promise<void>; close(): void }[] = []
    return {
      batch<Work extends BatchWork>(options: LineOptions<Work>) {
        const made = createBatch<Work>({
          ...options,
          inbox: store.name,
          refusal,
          late,
          store: (works: readonly Work[], until) =>
            chain(
              undone((undo) => options.put(works, until, undo)),
              (over) => over(),
            ),
        })
        all.push(made)
        return made
      },
      last(run, failed) {
        void (async () => undone(run))().then((over) => over(), failed)
      },
      flushed: async () => void (await Promise.all(all.map((one) => one.flushed()))),
      close() {
        for (const one of all) one.close()
      },
    }
  }

  function oneWriter({ name }: Store, together: (works: () => void) => void): Line {
    interface Mixed extends BatchWork {
      readonly of: LineOptions<BatchWork>
      readonly work: BatchWork
    }
    interface Last {
      readonly run: (undo: Undo) => MaybePromise<() => void>
      readonly failed: (error: unknown) => void
    }
    let at: LineOptions<BatchWork> | undefined
    let lasts: Last[] = []
    let inside = false
    // It begins a transaction in which there may be nothing but last works.
    const nothing: LineOptions<BatchWork> = {
      rows: 1,
      bytes: 1,
      put: () => () => {},
      fault: (error) => (store.fault(error) === 'again' ? 'again' : 'all'),
    }
    const batch = createBatch<Mixed>({
      inbox: name,
      rows: 512,
      bytes: 8 * 1024 * 1024,
      refusal,
      late,
      fault: (error) => (at ?? nothing).fault(error),
      store(works, until) {
        const overs: (() => MaybePromise<void>)[] = []
        const taken: Last[] = []
        const undos: (() => void)[] = []
        const undo: Undo = (one) => void undos.push(one)
        inside = true
        try {
          together(() => {
            for (const [of, group] of grouped(works, (one) => one.of)) {
              at = of
              overs.push(
                now(
                  of.put(
                    group.map(({ work }) => work),
                    until,
                    undo,
                  ),
                ),
              )
            }
            at = nothing
            // Taken now: what was put may have asked for it.
            while (lasts.length > 0)
              for (const one of lasts.splice(0)) {
                taken.push(one)
                overs.push(now(one.run(undo)))
              }
          })
        } catch (error) {
          inside = false
          for (const one of undos) one()
          if (store.fault(error) === 'again') lasts.unshift(...taken)
          else {
            for (const one of taken) one.failed(error)
            if (lasts.length > 0) begin()
          }
          throw error
        }
        inside = false
        for (const over of overs) void over()
      },
    })
    return {
      batch: (options) => ({
        add: (work) =>
          batch.add({
            of: options as unknown as LineOptions<BatchWork>,
            work,
            bytes: work.bytes,
            rows: work.rows ?? 1,
            deadline: work.deadline ?? Infinity,
            failed: (error) => work.failed(error),
          }),
        get waiting() {
          return batch.waiting
        },
        flushed: () => batch.flushed(),
      }),
      last(run, failed) {
        lasts.push({ run, failed })
        if (lasts.length === 1 && !inside) begin()
      },
      flushed: () => batch.flushed(),
      close() {
        batch.close()
        failLasts(store.refusal(new Error(`${name}: closed`)))
      },
    }

    /** Begins a transaction for them, if no other work does. */
    function begin(): void {
      batch.add({ of: nothing, work: IDLE, bytes: 0, failed: failLasts })
    }

    function failLasts(error: Error): void {
      for (const one of lasts.splice(0)) one.failed(error)
    }
  }
}

const IDLE: BatchWork = { bytes: 0, failed: () => {} }

/** A store with one writer answers at once. */
function now<T>(value: MaybePromise<T>): T {
  if (isPromise(value))
    throw new TypeError('together: the store must answer at once inside its shared transaction')
  return value
}
