import {
  ThreadsPoolWorker,
  type PoolOptions,
  type PoolWorker,
  type WorkerRequest,
} from 'vitest/node'

type Listener = Parameters<PoolWorker['on']>[1]

/** Runs of one thread, after which its modules are loaded again: what changed sources left behind does not add up. */
const RUNS = 100

let kept: { worker: ThreadsPoolWorker; runs: number } | undefined

/**
 * A pool of one thread that outlives a run, with the modules that it has loaded: a mutant is switched on in them, so only the
 * tests themselves take time. Vitest's own pools end their workers after each run, which takes longer than most tests.
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
    // A mutant that makes a test wait for ever is killed by this. Before the mutants, tests may take their time.
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

  /** Of the end of a run the thread hears nothing: it stays as it is. */
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
