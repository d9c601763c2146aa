import {
  ThreadsPoolWorker,
  type PoolOptions,
  type PoolWorker,
  type WorkerRequest,
} from 'vitest/node'

type Listener = Parameters<PoolWorker['on']>[1]

/**
 * Number of runs per thread. A new thread then loads the modules again, so that leftovers of mutants do not accumulate.
 */
const RUNS = 100

let kept: { worker: ThreadsPoolWorker; runs: number } | undefined

/**
 * Vitest pool with one thread that stays alive between runs, with its loaded modules. A mutant is switched on inside
 * these modules, so a run takes only the time of its tests. Vitest's own pools end their workers after each run, which
 * takes longer than most tests.
 */
export const warmPool = {
  name: 'warm',
  createPoolWorker: (options: PoolOptions): PoolWorker => new WarmWorker(options),
}

class WarmWorker implements PoolWorker {
  readonly name = 'warm'
  readonly #options: PoolOptions
  readonly #listeners: [event: string, listener: Listener][] = []
  #worker!: ThreadsPoolWorker

  constructor(options: PoolOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { project } = this.#options
    // The short timeout detects mutants that make a test wait forever. The first run, without mutants, may take longer.
    const { mode } = project.getProvidedContext() as { readonly mode?: string }
    project.config.testTimeout = mode === 'mutant' ? 6_000 : 120_000
    if (kept !== undefined && kept.runs >= RUNS) {
      const { worker } = kept
      kept = undefined
      await worker.stop()
    }
    if (kept === undefined) {
      const worker = new ThreadsPoolWorker(this.#options)
      await worker.start()
      worker.on('exit', () => {
        if (kept?.worker === worker) kept = undefined
      })
      kept = { worker, runs: 0 }
    }
    kept.runs += 1
    this.#worker = kept.worker
  }

  /** Hides the end of a run from the thread, so that the thread stays alive. */
  send(message: WorkerRequest): void {
    if (message.type !== 'stop') this.#worker.send(message)
    else this.#emit({ type: 'stopped', __vitest_worker_response__: true })
  }

  on(event: string, listener: Listener): void {
    this.#listeners.push([event, listener])
    this.#worker.on(event, listener)
  }

  off(event: string, listener: Listener): void {
    this.#worker.off(event, listener)
  }

  deserialize(data: unknown): unknown {
    return data
  }

  async stop(): Promise<void> {
    for (const [event, listener] of this.#listeners) this.#worker.off(event, listener)
  }

  #emit(message: unknown): void {
    for (const [event, listener] of this.#listeners) if (event === 'message') listener(message)
  }
}
